import { afterEach, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { type BenchProcess, startProcess } from '../../../bench/machine/processes.ts';
import { usageOf } from '../../../bench/machine/usage.ts';
import { eventually } from '../../helpers/eventually.ts';
import { describeWith } from '../../helpers/services.ts';

/** A process that does nothing, and has started one that does nothing else but count. */
const family = `
  const { spawn } = require('node:child_process');
  const child = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
  process.once('SIGTERM', () => child.kill('SIGKILL'));
  child.once('exit', () => process.exit());
`;

describeWith(
  existsSync('/proc/self/schedstat') ? null : 'there is no /proc/self/schedstat',
  'The usage of a process',
  () => {
    let started: BenchProcess | undefined;

    afterEach(async () => {
      await started?.stop();
    });

    it('counts what those that it has started use, too', async () => {
      const bench = await startProcess([process.execPath, '-e', family], { cores: null, port: 0 });
      started = bench;
      await eventually(async () => expect((await usageOf(bench.pid))?.cpuMs).toBeGreaterThan(500), {
        timeoutMs: 15_000,
      });
      expect((await usageOf(bench.pid))?.residentMiB).toBeGreaterThan(40);
    });
  },
);

describe('The usage of a process that is gone', () => {
  it('is not known', async () => {
    expect(await usageOf(2 ** 22 + 1)).toBeNull();
  });
});

describe('A process that ends before it is ready', () => {
  it('is told with its last words', async () => {
    const command = [process.execPath, '-e', 'console.error("no room"); process.exit(3)'] as const;
    const started = await startProcess(command, { cores: null, port: 0 });
    await expect(started.becomesReady(() => Promise.reject(new Error('Not yet.')))).rejects.toThrow('no room');
    await started.stop();
  });
});
