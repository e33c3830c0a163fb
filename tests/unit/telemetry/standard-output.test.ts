import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
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

  it.each([
    ['exits', 'process.exit();', 0],
    [
      'is told to end by a signal',
      "process.on('SIGTERM', () => process.exit()); process.kill(process.pid, 'SIGTERM');",
      0,
    ],
    ['meets a fault that nobody catches', "throw new Error('fault');", 1],
    ['comes to its end', '', 0],
  ])('has all lines of a process that %s in the turn in which they were written', async (_how, end, code) => {
    // In a turn of its own, behind which nothing is due that could write them.
    const { stdout, code: exitCode } = await runToEnd(`${logger} setTimeout(() => { ${writeLines(40)} ${end} });`);
    expect(exitCode).toBe(code);
    expect(attemptsOf(stdout)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  });

  it('has a fatal line and those before it at once, also when the process is then killed', async () => {
    const { stdout } = await runToEnd(
      `${logger} ${writeLines(3)} logger.fatal({ attempt: 4 }, 'Fault'); process.kill(process.pid, 'SIGKILL');`,
    );
    expect(attemptsOf(stdout)).toEqual([1, 2, 3, 4]);
  });
});

const logger = `
  import { createLogger } from './src/platform/telemetry/logger.ts';
  const logger = createLogger({ level: 'info', service: 'test' });`;
const writeLines = (lines: number): string =>
  `for (let attempt = 1; attempt <= ${lines}; attempt++) logger.info({ attempt }, 'Something happened');`;

const attemptsOf = (stdout: string): number[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).attempt);

/** What a process has written on stdout, however it ends. */
async function runToEnd(source: string): Promise<{ stdout: string; code: number | null }> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    cwd: repositoryRoot,
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 10_000,
  });
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { stdout, code };
}
