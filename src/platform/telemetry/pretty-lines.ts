import pinoPretty from 'pino-pretty';
import type { LogDestination } from './logger.ts';

/** Writes the lines of a log for somebody who looks at a terminal, synchronously like the plain ones. */
export function prettyLines(): LogDestination {
  return pinoPretty({
    destination: 1,
    sync: true,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'service',
  });
}
