import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess, repositoryRoot } from '../helpers/child-process.ts';
import { ownServers } from '../helpers/database-server.ts';
import { eventually } from '../helpers/eventually.ts';
import { describeWith } from '../helpers/services.ts';

const missing = ownServers.find(({ name }) => name === 'MariaDB')?.missing ?? null;

describeWith(missing, 'The benchmark', () => {
  let bench: ReturnType<typeof startProcess> | undefined;
  /** Where it makes its folders, of databases and of logs. */
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bench-test-'));
  });

  afterEach(async () => {
    await bench?.kill('SIGTERM');
    await rm(folder, { recursive: true });
  });

  function run(...args: readonly string[]): ReturnType<typeof startProcess> {
    const command = [process.execPath, 'bench/main.ts', '--quick', '--rounds', '1', '--rows', '1000'] as const;
    bench = startProcess([...command, ...args], { env: { TMPDIR: folder } });
    return bench;
  }

  it('starts what it needs, compares, and leaves nothing behind', async () => {
    const running = run('--only', 'update');
    const { code } = await running.exited;

    expect({ code, output: running.output }).toEqual({ code: 0, output: expect.any(String) });
    expect(running.output).toMatch(/innodb_flush_log_at_trx_commit=1.*; started for this/);
    expect(running.output).toMatch(/\| ours \| [\d,]+ \([\d,]+–[\d,]+\) \| \d\.\d\d \(\d\.\d\d–\d\.\d\d\) \|/);
    expect(running.output).toMatch(/Update, of bare .*: target ≥ 0.80: \*\*\d\.\d\d\*\* [✓✗]/);
    expect(running.output).not.toContain('what was updated is');
    expect(await readdir(folder)).toEqual([]);
  }, 120_000);

  it('shows where the time goes', async () => {
    const running = run('--profile', '304');
    expect((await running.exited).code).toBe(0);

    expect(running.output).toMatch(/304, ours: \d+ requests, [\d.]+ µs each/);
    expect(running.output).toMatch(/^ +[\d.]+ % +[\d.]+ µs {2}Node\.js$/m);
    expect(running.output).toMatch(/^ +[\d.]+ % +[\d.]+ µs {2}src\/platform\/http$/m);
    const profiles = (await readdir(repositoryRoot)).filter((name) => /^304-.*\.cpuprofile$/.test(name));
    expect(profiles).toHaveLength(3);
    for (const name of profiles) await rm(join(repositoryRoot, name));
  }, 120_000);

  it('ends what it has started when it is interrupted', async () => {
    const running = run('--only', 'update');
    await running.printed(/1000 of 1000 users/);
    expect(await readdir(folder)).not.toEqual([]);
    await running.kill('SIGTERM');
    expect(await readdir(folder)).toEqual([]);
  }, 120_000);

  it('leaves no process behind when it is killed', async () => {
    const running = run('--only', 'update');
    await running.printed(/1000 of 1000 users/);
    expect(await processesOf(folder)).not.toEqual([]);

    if (running.pid !== undefined) process.kill(running.pid, 'SIGKILL');
    await eventually(async () => expect(await processesOf(folder)).toEqual([]), { timeoutMs: 20_000 });
  }, 120_000);
});

/** The commands that have something in the folder among their arguments: the database, at least. */
async function processesOf(folder: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return commands.filter((command) => command.includes(folder));
}
