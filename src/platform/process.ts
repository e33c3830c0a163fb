import { ConfigurationError } from './config/parse-config.ts';
import type { Lifecycle } from './lifecycle.ts';

/** sysexits.h EX_CONFIG. */
const exitConfiguration = 78;

/**
 * Runs a service as this process: starts it, stops it at SIGINT or SIGTERM, and says on stderr why it could not start.
 *
 * Exits 0 after a stop, 78 for a configuration that cannot work, 1 for anything else. A second signal stops at once.
 */
export async function runProcess(lifecycle: Lifecycle, start: () => Promise<void>): Promise<void> {
  let stopping = false;
  const stop = async () => {
    if (stopping) process.exit(1);
    stopping = true;
    try {
      await lifecycle.stop();
      process.exit(0);
    } catch (error) {
      fail(error, 1);
    }
  };
  process.on('SIGINT', () => void stop());
  process.on('SIGTERM', () => void stop());

  try {
    await start();
  } catch (error) {
    if (stopping) return;
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
  return error.stack ?? error.message;
}
