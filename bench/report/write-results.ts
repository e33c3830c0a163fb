import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Facts } from '../machine/facts.ts';
import { repositoryRoot } from '../machine/processes.ts';
import type { Pace } from '../suite/measure.ts';
import type { GroupResult } from '../suite/run-suite.ts';
import type { TargetResult } from '../suite/target.ts';
import { barChart } from './chart.ts';
import { reportOf } from './markdown.ts';

const folder = join(repositoryRoot, 'bench');

/** Writes `bench/RESULTS.md` and a chart for each group beside it. */
export async function writeResults(results: readonly GroupResult[], facts: Facts, pace: Pace): Promise<void> {
  for (const result of results) await writeFile(join(folder, fileOf(result)), chartOf(result));
  await writeFile(join(folder, 'RESULTS.md'), reportOf(results, facts, pace, fileOf));
}

function fileOf({ group }: GroupResult): string {
  return `${group.id}.svg`;
}

function chartOf({ group, comparisons, targets }: GroupResult): string {
  return barChart(
    group.title,
    'requests per second',
    comparisons.map(({ name, measurements }) => ({
      title: name,
      bars: measurements.map(({ label, requestsPerSecond, ratio }) => {
        const { least: wanted, isMet } = (ratio && wantedOf(name, label, ratio.to, targets)) ?? noTarget;
        const verdict = wanted === null ? '' : ` ${isMet ? '✓' : '✗'} ≥ ${wanted.toFixed(2)}`;
        return {
          label,
          value: requestsPerSecond,
          remark: ratio === null ? '' : `× ${ratio.value.toFixed(2)}${verdict}`,
          isMain: ratio !== null,
          target: wanted === null || ratio === null ? null : (wanted * requestsPerSecond.median) / ratio.value,
        };
      }),
    })),
  );
}

const noTarget = { least: null, isMet: true };

/** What its throughput should be, and whether it is, in parts of that of the contender that it is compared with. */
function wantedOf(
  comparison: string,
  of: string,
  over: string,
  targets: readonly TargetResult[],
): { readonly least: number; readonly isMet: boolean } | null {
  const target = targets.find(
    (target) =>
      target.comparison === comparison && target.of === of && target.over === over && target.metric === 'requests/s',
  );
  if (target === undefined || !('least' in target.bound)) return null;
  return { least: target.bound.least, isMet: target.isMet };
}
