import { type DestinationStream, pino } from 'pino';
import { describeError } from './describe-error.ts';
import { allowedFields } from './log-fields.ts';
import { type PreparedFields, prepareLine } from './prepared-line.ts';
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
  /**
   * For a line that is written with every request: its message and the names of its fields are told once, and writing it
   * costs a fraction of what the others cost. It says what it is given, without the context of who writes it.
   *
   * @throws Error when a name is none that a line may have
   */
  prepare<Name extends string>(
    level: 'debug' | 'info',
    message: string,
    names: readonly Name[],
  ): (fields: PreparedFields<Name>) => void;
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
  /** The number of this process where several do the work of the service, for every line. */
  worker?: number | undefined;
  /** What every line says besides, asked for each. */
  context?: () => object;
  destination?: LogDestination;
  /** Is told of each line that stdout could not take. */
  onLineDropped?: () => void;
}): Logger {
  const { service, worker } = options;
  const destination = options.destination ?? standardOutput(options.onLineDropped);
  const logger = pino(
    {
      level: options.level,
      base: worker === undefined ? { service } : { service, worker },
      ...(options.context === undefined ? {} : { mixin: options.context }),
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: allowedFields },
      serializers: { err: (error: unknown) => describeError(error) },
    },
    destination,
  );
  const prepare: Logger['prepare'] = (level, message, names) => {
    const lineOf = prepareLine({ level, service, worker, message, names });
    return logger.isLevelEnabled(level) ? (fields) => destination.write(lineOf(fields)) : () => {};
  };
  return Object.assign(logger, { prepare });
}
