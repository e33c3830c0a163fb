import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../helpers/child-process.ts';

/** What a process says on stderr whose stdout is `output`, a redirection of the shell. */
async function run(program: string, output: string): Promise<{ stdout: string; stderr: string }> {
  const node = [process.execPath, '--input-type=module', '--eval', program];
  const command = ['-c', `exec "$@" ${output}`, '-', ...node];
  return await promisify(execFile)('sh', command, { cwd: repositoryRoot, timeout: 10_000 });
}

const program = (lines: number): string => `
  import { createLogger } from './src/platform/telemetry/logger.ts';
  let dropped = 0;
  const logger = createLogger({ level: 'info', service: 'test', onLineDropped: () => (dropped += 1) });
  for (let line = 1; line <= ${lines}; line++) logger.info({ attempt: line, reason: 'x'.repeat(200) }, 'Something happened');
  process.stderr.write(String(dropped));`;

describe('A log on stdout', () => {
  it('holds every line, and counts none', async () => {
    const { stdout, stderr } = await run(program(3_000), '');
    expect(stderr).toBe('0');
    const attempts = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).attempt);
    expect(attempts).toEqual(Array.from({ length: 3_000 }, (_, index) => index + 1));
  });

  it('on a full disk fails nobody, keeps what has room and counts the rest', async () => {
    const { stderr } = await run(program(3_000), '> /dev/full');
    expect(Number(stderr)).toBeGreaterThan(1_000);
    expect(Number(stderr)).toBeLessThan(3_000);
  });

  it('that nobody reads any more fails nobody', async () => {
    // It has come to its end, and said how many it counted.
    expect((await run(program(3_000), '| true')).stderr).toMatch(/^\d+$/);
  });
});
