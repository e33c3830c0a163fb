import { DomainError } from '../domain-error.ts';
import { BulkheadFullError } from '../resilience/bulkhead.ts';
import { CircuitOpenError } from '../resilience/circuit-breaker.ts';
import { TimeoutError } from '../resilience/deadline.ts';

/** What a log says of an error. */
export interface ErrorDescription {
  readonly type: string;
  /** Only of an error whose words are our own. */
  readonly message?: string;
  readonly code?: string;
  /** Where it was made, innermost first; without the first line, which is the message again. */
  readonly stack?: string;
  readonly cause?: ErrorDescription;
}

/**
 * The errors whose messages are written by this program and hold nothing of a request. All others may quote one: a
 * duplicate key names the e-mail address, a parser the text that it could not read, a TypeError the value.
 */
const ownErrors = [DomainError, TimeoutError, CircuitOpenError, BulkheadFullError];

const depthMax = 4;
const framesMax = 20;
/** A function and a place in the sources. Anything else could be a line of a message that looks like one. */
const frame = /^ {4}at (?:[\w.$<>[\]# ]{1,200} \()?(?:file:\/\/|node:|\/)[\w./@+~%-]{1,500}:\d+:\d+\)?$/;
const identifier = /^[A-Za-z_][\w-]{0,63}$/;

/** Its type, code, stack and causes: enough to find the place, and nothing of what was being done for whom. */
export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!isErrorLike(error)) return { type: typeof error };
  const type = identifier.test(error.name) ? error.name : 'Error';
  const message = ownMessageOf(error);
  const stack = framesOf(error);
  const cause = causeOf(error);
  return {
    type,
    ...(message === undefined ? {} : { message }),
    ...(typeof error.code === 'string' && identifier.test(error.code) ? { code: error.code } : {}),
    ...(stack === '' ? {} : { stack }),
    ...(cause === undefined || depth >= depthMax ? {} : { cause: describeError(cause, depth + 1) }),
  };
}

/** The innermost cause in a word or a sentence: its message if that is ours, else its code or its type. */
export function rootCauseOf(error: unknown): string {
  let root = error;
  for (let depth = 0; depth < depthMax && isErrorLike(root) && isErrorLike(causeOf(root)); depth++)
    root = causeOf(root);
  const { type, message, code } = describeError(root);
  return message ?? code ?? type;
}

/** Sequelize keeps the driver's error, which has the code, as its `parent`. */
function causeOf({ cause, parent }: ErrorLike): unknown {
  return cause ?? parent;
}

function ownMessageOf(error: object): string | undefined {
  const own = ownErrors.some((kind) => error instanceof kind);
  return own && 'message' in error ? String(error.message) : undefined;
}

function framesOf({ stack, message }: ErrorLike): string {
  if (stack === undefined) return '';
  // A message of several lines could bring lines that look like frames.
  const start = message === '' ? 0 : stack.indexOf(message);
  const frames = start < 0 ? stack : stack.slice(start + message.length);
  return frames
    .split('\n')
    .filter((line) => frame.test(line))
    .slice(0, framesMax)
    .join('\n');
}

interface ErrorLike {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly parent?: unknown;
}

/** Also an error of another realm, such as that of a test. */
function isErrorLike(error: unknown): error is ErrorLike {
  return error instanceof Error || Object.prototype.toString.call(error) === '[object Error]';
}
