import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type ChildProcess, repositoryRoot, startProcess } from '../helpers/child-process.ts';

jest.setTimeout(120_000);

describe('npm run demo', () => {
  let child: ChildProcess | undefined;
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'demo-test-'));
  });
  afterEach(async () => {
    await child?.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });

  const start = (env: Record<string, string> = {}): ChildProcess => {
    const command: [string, ...string[]] = [process.execPath, join(repositoryRoot, 'src/main/demo.ts'), '--fast'];
    child = startProcess(command, { env: { TMPDIR: folder, ...env } });
    return child;
  };

  it('tells in plain lines how the service survives, and exits with 0', async () => {
    const demo = start();
    expect({ ...(await demo.exited), output: demo.output }).toMatchObject({ code: 0 });
    expect(demo.output).not.toContain('\u001b');
    const chapters = demo.output.match(/^(?:All is well|The (?:provider|database) is \w+)$/gm);
    expect(chapters).toEqual([
      'All is well',
      'The provider is slow',
      'The provider is dead',
      'The provider is back',
      'The database is frozen',
      'The database is back',
    ]);
    expect(demo.output).toMatch(/The provider is dead\n.*\n[\s\S]*breaker open [\s\S]*The provider is back/);
    expect(demo.output).toMatch(/requests failed {8}0\n/);
    expect(demo.output).toMatch(/upstream calls saved {3}[1-9]/);
    expect(demo.output.match(/✓ kept/g)).toHaveLength(8);
    expect(demo.output).not.toContain('✗ broken');
    expect(await readdir(folder)).toEqual([]);
  });

  it('exits with 1 when a promise is broken, as with a breaker that takes no failures for enough', async () => {
    const demo = start({
      ENRICHMENT_BREAKER_VOLUME: '100000',
      ENRICHMENT_BREAKER_CONSECUTIVE_FAILURES: '100000',
    });
    expect(await demo.exited).toMatchObject({ code: 1 });
    expect(demo.output).toMatch(/✗ broken {2}A dead provider opens the breaker/);
    expect(demo.output).toMatch(/✗ broken {2}Then answers come at once/);
    const [, logPath = ''] = /What the service has logged is in (\S+)/.exec(demo.output) ?? [];
    expect(await readFile(logPath, 'utf8')).toContain('"msg":"Listening"');
  });

  it('ends soon when it is stopped in the middle', async () => {
    const demo = start();
    await demo.printed(/breaker closed/);
    const { code, afterMs } = await demo.kill('SIGINT');
    expect(code).toBe(130);
    expect(afterMs).toBeLessThan(5_000);
    expect(await readdir(folder)).toEqual([]);
  });
});
