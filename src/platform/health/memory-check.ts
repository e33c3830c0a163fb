import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import type { ReadinessCheck } from './readiness.ts';

/** In bytes. */
export interface MemoryUse {
  readonly heapUsed: number;
  /** Where V8 gives up and the process dies. */
  readonly heapLimit: number;
  readonly resident: number;
  /** Where the kernel kills it. */
  readonly residentLimit: number;
}

const limit = 0.95;

/**
 * Down while more than 95 % of the JavaScript heap, or of the memory that the process may have, are in use.
 *
 * Garbage raises no alarm: V8 collects at the latest half-way between what lives and its limit, so a heap that is 95 %
 * full lives to 90 % at least. Nor does the page cache: the resident memory of the process is counted, not what the
 * kernel books to its container. Without a container the machine's memory is the limit.
 */
export function createMemoryCheck(measure: () => MemoryUse = measureProcess): ReadinessCheck {
  return {
    name: 'memory',
    check: () => {
      const { heapUsed, heapLimit, resident, residentLimit } = measure();
      if (heapUsed > limit * heapLimit) throw new Error(`${percent(heapUsed / heapLimit)} of the heap are in use.`);
      if (resident > limit * residentLimit)
        throw new Error(`${percent(resident / residentLimit)} of the memory are in use.`);
    },
  };
}

function measureProcess(): MemoryUse {
  const { used_heap_size: heapUsed, heap_size_limit: heapLimit } = getHeapStatistics();
  // 0 where it is not known; more than there is where there is no limit.
  const constrained = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return {
    heapUsed,
    heapLimit,
    resident: residentMemory(),
    residentLimit: Math.min(constrained, totalmem()),
  };
}

/** Node.js opens a file for it. */
function residentMemory(): number {
  try {
    return process.memoryUsage.rss();
  } catch (cause) {
    throw new Error('The memory cannot be asked.', { cause });
  }
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}
