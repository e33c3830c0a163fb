import { constants } from 'node:os';
import { ConfigurationError } from './config/parse-config.ts';
import { DomainError } from './domain-error.ts';
import type { Lifecycle } from './lifecycle.ts';
import { ProcessFailure } from './process-failure.ts';

/** sysexits.h EX_CONFIG. */
const exitConfiguration = 78;

/** Where a fault is told that nobody has caught. */
export interface FaultLog {
  fatal(fields: object, message: string): void;
}

/** The process, as what it runs sees it. */
export interface ProcessHost {
  /** From now on faults are told in this log; before, on stderr. */
  logTo(log: FaultLog): void;
  /** Stops it as a first signal does, whatever it is about; it exits with 0 then. */
  stop(reason: string): void;
}

/**
 * Runs a service as this process: starts it, stops it at SIGINT or SIGTERM, and says on stderr why it could not start.
 * It is stopped in the same good order after an exception or a rejection that nobody has caught. That nobody reads any
 * more what it writes is no reason to stop.
 *
 * Exits 0 after a stop, 128 and the signal's number when the stop came before the start had ended, 78 for a
 * configuration that cannot work, 1 for anything else. A second signal stops at once.
 */
export async function runProcess(lifecycle: Lifecycle, start: (host: ProcessHost) => Promise<void>): Promise<void> {
  let started = false;
  let faulty = false;
  let signals = 0;
  let log: FaultLog = { fatal: ({ err }: { err?: unknown }) => void process.stderr.write(`${explain(err)}\n`) };

  const stop = async (reason: string, code: number) => {
    try {
      await lifecycle.stop(reason);
      process.exit(faulty ? 1 : code);
    } catch (error) {
      fail(error, 1);
    }
  };
  const stopAt = (signal: 'SIGINT' | 'SIGTERM') => {
    signals += 1;
    if (signals > 1) process.exit(1);
    // After a fault it drains already, which the first signal is no reason to cut.
    if (lifecycle.stopping) return;
    // Somebody may wait for what was begun, as compose does for the migration: it has not been done.
    void stop(signal, started ? 0 : 128 + constants.signals[signal]);
  };
  // Whoever read it has gone. The work goes on, and to tell of it would fail in the same way, without end.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {});
  process.on('SIGINT', () => stopAt('SIGINT'));
  process.on('SIGTERM', () => stopAt('SIGTERM'));
  // Rejections that nobody handles come here, too.
  process.on('uncaughtException', (err, origin) => {
    faulty = true;
    try {
      log.fatal({ err, origin }, 'Nobody caught a fault, the process ends');
    } catch {
      // What this handler throws would end the process here and now.
      process.stderr.write(`${explain(err)}\n`);
    }
    if (!lifecycle.stopping) void stop(origin, 1);
  });

  try {
    await start({
      logTo: (given) => void (log = given),
      stop: (reason) => void (lifecycle.stopping || stop(reason, 0)),
    });
    started = true;
  } catch (error) {
    if (lifecycle.stopping) return;
    await lifecycle.stop().catch(() => {});
    fail(error, error instanceof ConfigurationError ? exitConfiguration : 1);
  }
}

function fail(error: unknown, code: number): never {
  process.stderr.write(`${explain(error)}\n`);
  process.exit(code);
}

function explain(error: unknown): string {
  if (error instanceof ConfigurationError) {
    return [error.message, ...error.problems.map((problem) => `  - ${problem}`)].join('\n');
  }
  if (!(error instanceof Error)) return 'The service could not start.';
  const code = 'code' in error ? error.code : undefined;
  const port = 'port' in error ? String(error.port) : '';
  if (code === 'EADDRINUSE') return `Port ${port} is in use. Stop what listens there, or choose another port.`;
  if (code === 'EACCES' && port !== '') return `Port ${port} cannot be had without more rights. Choose another port.`;
  if (error instanceof ProcessFailure) return error.message;
  // The system said no to an address, a file or a folder: its words are enough.
  if ('syscall' in error) return error.message;
  if (error instanceof DomainError) return messagesOf(error).join(reasonFollows);
  const parts = error instanceof AggregateError ? error.errors : [error.cause];
  const reasons = parts.filter((part) => part instanceof Error).map((part) => explain(part));
  return [error.stack ?? error.message, ...reasons].join(reasonFollows);
}

const reasonFollows = '\n  because of ';

/** Of an error that is no fault of the program, and of what it came from. */
function messagesOf({ message, cause }: Error): readonly string[] {
  return [message, ...(cause instanceof Error ? messagesOf(cause) : [])];
}
