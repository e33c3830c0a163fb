import { readdir, readFile } from 'node:fs/promises';

/** What a process and those that it has started have used. */
export interface Usage {
  /** In user and system mode together, so far. */
  readonly cpuMs: number;
  /** Resident memory now. What processes share is counted for each of them. */
  readonly residentMiB: number;
}

/** From `/proc`; null where there is none (Linux alone has it). */
export async function usageOf(pid: number): Promise<Usage | null> {
  try {
    const usages = await Promise.all((await treeOf(pid)).map(usageOfOne));
    return {
      cpuMs: usages.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
      residentMiB: usages.reduce((sum, { residentMiB }) => sum + residentMiB, 0),
    };
  } catch {
    return null;
  }
}

async function treeOf(pid: number): Promise<readonly number[]> {
  const children = await ofThreads(pid, 'children');
  const pids = children.flatMap((line) => line.split(' ').filter(Boolean).map(Number));
  return [pid, ...(await Promise.all(pids.map(treeOf))).flat()];
}

async function usageOfOne(pid: number): Promise<Usage> {
  // Nanoseconds on a core, where `stat` counts in hundredths of a second.
  const schedules = await ofThreads(pid, 'schedstat');
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return {
    cpuMs: schedules.reduce((sum, schedule) => sum + Number(schedule.split(' ')[0]) / 1e6, 0),
    residentMiB: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1_024,
  };
}

async function ofThreads(pid: number, file: 'children' | 'schedstat'): Promise<readonly string[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  return await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/${file}`, 'utf8')));
}
