import { createProgressLine } from '../../src/platform/progress-line.ts';
import type { LoadProcess } from '../load/load-process.ts';
import type { ComparisonResult } from './comparison.ts';
import type { Group, Prepared, Scene } from './group.ts';
import { measure, type Pace } from './measure.ts';
import { databaseReads, enrichedReads, lists, memoryReads } from './reads.ts';
import { tracing, workers } from './settings.ts';
import { evaluate, type TargetResult } from './target.ts';
import { writes } from './writes.ts';

/** In this order: what changes the databases comes last. */
const groups: readonly Group[] = [memoryReads, databaseReads, lists, enrichedReads, tracing, writes, workers];

export interface GroupResult {
  readonly group: Group;
  readonly comparisons: readonly ComparisonResult[];
  readonly targets: readonly TargetResult[];
}

/**
 * The comparisons of this name or, if there is none, all whose name, or group, contains it.
 *
 * @throws Error that names all when none is left
 */
export function selectGroups(
  only: string,
): readonly { readonly group: Group; readonly comparisons: readonly string[] }[] {
  const wanted = only.toLowerCase();
  const names = groups.flatMap(({ comparisons }) => comparisons);
  const isExact = names.some((name) => name.toLowerCase() === wanted);
  const isWanted = (name: string): boolean =>
    isExact ? name.toLowerCase() === wanted : name.toLowerCase().includes(wanted);
  const selected = groups
    .map((group) => {
      const isWhole = !isExact && isWanted(`${group.id} ${group.title}`);
      return { group, comparisons: group.comparisons.filter((name) => isWhole || isWanted(name)) };
    })
    .filter(({ comparisons }) => comparisons.length > 0);
  if (selected.length === 0) throw new Error(`Nothing is called ${only}. There are: ${names.join('; ')}.`);
  return selected;
}

type Selected = ReturnType<typeof selectGroups>;

/** One group after the other, the servers of each started for it and ended behind it. */
export async function eachGroup(
  selected: Selected,
  scene: Scene,
  work: (prepared: Prepared & { readonly group: Group }) => Promise<void>,
): Promise<void> {
  for (const { group, comparisons: names } of selected) {
    try {
      const { comparisons, targets } = await group.prepare(scene);
      await work({ group, targets, comparisons: comparisons.filter(({ name }) => names.includes(name)) });
    } finally {
      await scene.servers.stopAll();
    }
  }
}

export async function runSuite(
  selected: Selected,
  scene: Scene,
  load: LoadProcess,
  pace: Pace,
): Promise<readonly GroupResult[]> {
  const results: GroupResult[] = [];
  await eachGroup(selected, scene, async ({ group, comparisons, targets }) => {
    const contenders = comparisons.reduce((sum, comparison) => sum + comparison.contenders.length, 0);
    const rounds = contenders * (pace.rounds + 1);
    const progress = createProgressLine(`rounds: ${group.title}`, process.stderr);
    let done = 0;
    const measured: ComparisonResult[] = [];
    try {
      for (const comparison of comparisons) {
        measured.push(await measure(comparison, load, pace, () => progress.update((done += 1), rounds)));
      }
    } finally {
      progress.end();
    }
    results.push({
      group,
      comparisons: measured,
      targets: targets.flatMap((target) => evaluate(target, measured) ?? []),
    });
  });
  return results;
}
