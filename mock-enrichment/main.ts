import { once } from 'node:events';
import { readEnvironment } from './read-environment.ts';
import { startMockEnrichment } from './start-mock-enrichment.ts';

/** `EX_CONFIG` of sysexits.h. */
const EXIT_BAD_CONFIGURATION = 78;

/** Runs the mock until SIGINT or SIGTERM and answers the exit code. */
async function main(): Promise<number> {
  const environment = readEnvironment(process.env);
  if (environment.kind === 'invalid') {
    process.stderr.write(
      `The configuration is invalid:\n${environment.problems.map((line) => `  ${line}\n`).join('')}`,
    );
    return EXIT_BAD_CONFIGURATION;
  }
  const { settings } = environment;
  const stopSignal = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  try {
    const mock = await startMockEnrichment(settings);
    process.stdout.write(`Mock enrichment service (${settings.mode}): ${mock.url}/\n`);
    await stopSignal;
    await mock.stop();
    return 0;
  } catch (error) {
    if (!isListenError(error)) throw error;
    process.stderr.write(`Cannot listen on ${settings.host}, port ${settings.port}: ${reasonOf(error)}\n`);
    return 1;
  }
}

function isListenError(error: unknown): error is NodeJS.ErrnoException {
  return (
    error instanceof Error && 'syscall' in error && (error.syscall === 'listen' || error.syscall === 'getaddrinfo')
  );
}

function reasonOf(error: NodeJS.ErrnoException): string {
  return error.code === 'EADDRINUSE' ? 'the port is in use. Set MOCK_PORT to another one.' : error.message;
}

process.exitCode = await main();
