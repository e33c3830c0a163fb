import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { repositoryRoot } from './child-process.ts';

/** How many files a program of `runWithFewFiles` can have open, its standard streams among them. */
export const fewFiles = 64;

/**
 * Runs a module in a process that soon has no file descriptor left. It opens and closes every one of them itself: of
 * the environment it gets none, as Node.js reads NODE_EXTRA_CA_CERTS in a thread of its own, which then closes that
 * file at any time.
 *
 * @returns its standard output
 */
export async function runWithFewFiles(program: string): Promise<string> {
  const node = [process.execPath, '--input-type=module', '--eval', program];
  const command = ['-c', `ulimit -n ${fewFiles}; exec "$@"`, '-', ...node];
  const { stdout } = await promisify(execFile)('sh', command, { cwd: repositoryRoot, env: {}, timeout: 10_000 });
  return stdout;
}
