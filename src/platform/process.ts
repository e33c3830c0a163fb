import { constants } from 'node:os';
import { ConfigurationError } from './config/parse-config.ts';
import type { Lifecycle } from './lifecycle.ts';

/** sysexits.h EX_CONFIG. */
const exitConfiguration = 78;

/**
 * Runs a service as this process: starts it, stops it at SIGINT or SIGTERM, and says on stderr why it could not start.
 *
 * Exits 0 after a stop, 128 and the signal's number when the stop came before the start had ended, 78 for a
 * configuration that cannot work, 1 for anything else. A second signal stops at once.
 */
export async function runProcess(lifecycle: Lifecycle, start: () => Promise<void>): Promise<void> {
  let started = false;
  const stop = async (signal: 'SIGINT' | 'SIGTERM') => {
    if (lifecycle.stopping) process.exit(1);
    // Somebody may wait for what was begun, as compose does for the migration: it has not been done.
    const code = started ? 0 : 128 + constants.signals[signal];
    try {
      await lifecycle.stop();
      process.exit(code);
    } catch (error) {
      fail(error, 1);
    }
  };
  process.on('SIGINT', () => void stop('SIGINT'));
  process.on('SIGTERM', () => void stop('SIGTERM'));

  try {
    await start();
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
  // The system said no to an address, a file or a folder: its words are enough.
  if ('syscall' in error) return error.message;
  const parts = error instanceof AggregateError ? error.errors : [error.cause];
  const reasons = parts.filter((part) => part instanceof Error).map((part) => explain(part));
  return [error.stack ?? error.message, ...reasons].join('\n  because of ');
}
