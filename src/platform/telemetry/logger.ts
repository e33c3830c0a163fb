import { type DestinationStream, pino } from 'pino';
import { describeError } from './describe-error.ts';
import { allowedFields } from './log-fields.ts';
import { standardOutput } from './standard-output.ts';

/** Takes a message that the sources spell out; what differs from time to time is in fields. */
interface Write {
  (message: string): void;
  (fields: object, message: string): void;
}

/** The way of those who always have fields to say. */
export type WriteLine = (fields: object, message: string) => void;

export interface Logger {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  readonly fatal: Write;
}

/** Takes whole lines. */
export type LogDestination = DestinationStream;

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * JSON lines, on stdout unless `destination` says otherwise.
 *
 * Personal data, tokens and bodies stay out whatever is logged: fields are written when they are known to hold none, and
 * of errors what is known to quote nobody.
 */
export function createLogger(options: {
  level: LogLevel;
  service: string;
  /** What every line says besides, asked for each. */
  context?: () => object;
  destination?: LogDestination;
  /** Is told of each line that stdout could not take. */
  onLineDropped?: () => void;
}): Logger {
  return pino(
    {
      level: options.level,
      base: { service: options.service },
      ...(options.context === undefined ? {} : { mixin: options.context }),
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: allowedFields },
      serializers: { err: (error: unknown) => describeError(error) },
    },
    options.destination ?? standardOutput(options.onLineDropped),
  );
}
