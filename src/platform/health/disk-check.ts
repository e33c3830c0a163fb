import { statfs } from 'node:fs/promises';
import type { ReadinessCheck } from './readiness.ts';

/** In blocks, as statfs(2) has them. */
export interface DiskUse {
  readonly blocks: number;
  readonly bfree: number;
  /** Those that a process without privileges may have. */
  readonly bavail: number;
}

const limit = 0.95;

/** Down while the file system that `folder` is on is more than 95 % full, in the way that df(1) counts. */
export function createDiskCheck(
  folder: string,
  measure: (folder: string) => Promise<DiskUse> = statfs,
): ReadinessCheck {
  return {
    name: 'disk',
    check: async () => {
      const { blocks, bfree, bavail } = await read(() => measure(folder));
      const used = blocks - bfree;
      // A file system without blocks, such as /proc, has no measure.
      const share = used === 0 ? 0 : used / (used + bavail);
      if (share > limit) throw new Error(`${Math.floor(share * 100)} % of the disk are in use.`);
    },
  };
}

async function read(measure: () => Promise<DiskUse>): Promise<DiskUse> {
  try {
    return await measure();
  } catch (cause) {
    // The system's message holds the path.
    throw new Error('The disk cannot be asked.', { cause });
  }
}
