import type { Facts } from '../machine/facts.ts';
import type { Spread } from '../statistics.ts';
import type { ComparisonResult, Measurement } from '../suite/comparison.ts';
import type { Pace } from '../suite/measure.ts';
import type { GroupResult } from '../suite/run-suite.ts';
import type { TargetResult } from '../suite/target.ts';

/** The share of a core from which on nothing is left of it. */
const full = 0.9;

/** The whole report. @param chartOf the path of a group's chart, or null when there are none */
export function reportOf(
  results: readonly GroupResult[],
  facts: Facts,
  pace: Pace,
  chartOf: ((group: GroupResult) => string) | null,
): string {
  const parts = [
    '# How fast',
    `Made by \`npm run bench\`. Contenders take turns, ${pace.rounds} rounds of ${pace.roundMs / 1_000} s each after ${pace.warmUpMs / 1_000} s to warm up; 32 connections, each of which sends its next request when the last is answered (a closed loop), unless something else is said. Throughput and latencies are medians of the rounds, with the least and the greatest. CPU is that of the server's processes, per request; memory is what they hold at most (RSS). *Server CPU* and *Load CPU* are shares of one core; on a machine with two cores the database shares the load's core, which may be full before *Load CPU* is near 1. A ratio is that of the medians, with the least and the greatest of the rounds' own. Only figures of one run can be compared, so targets are ratios.`,
    factsTable(facts),
    ...targetsSection(results.flatMap(({ targets }) => targets)),
    ...results.flatMap((result) => groupSection(result, chartOf?.(result) ?? null)),
  ];
  return `${parts.join('\n\n')}\n`;
}

function factsTable(facts: Facts): string {
  return table(['', ''], ['---', '---'], facts);
}

function targetsSection(targets: readonly TargetResult[]): readonly string[] {
  if (targets.length === 0) return [];
  const rows = targets.map((target) => {
    const { title, metric, value } = target;
    return [title, metric, wantedBy(target), value.toFixed(2), verdictOn(target)];
  });
  return ['## Targets', table(['Target', 'Of', 'Wanted', 'Measured', ''], ['---', '---', '---:', '---:', ':-:'], rows)];
}

function groupSection({ group, comparisons, targets }: GroupResult, chart: string | null): readonly string[] {
  const problems = comparisons.flatMap((comparison) =>
    [...comparison.problems, ...boundByLoad(comparison)].map((text) => `${comparison.name}: ${text}`),
  );
  return [
    `## ${group.title}`,
    group.about,
    ...(chart === null ? [] : [`![${group.title}: requests per second](${chart})`]),
    ...comparisons.flatMap((comparison) => [`**${comparison.name}**`, measurementsTable(comparison)]),
    ...targets.map((target) => sentenceOf(target)),
    ...(problems.length === 0 ? [] : [`Not as expected:\n\n${problems.map((text) => `- ${text}`).join('\n')}`]),
  ];
}

/** Those whose figures say how fast the load is. */
function boundByLoad({ measurements }: ComparisonResult): readonly string[] {
  return measurements
    .filter(({ loadCpu, serverCpu }) => loadCpu >= full && serverCpu !== null && serverCpu < full)
    .map(({ label }) => `${label}: bounded by the load, not the server`);
}

function wantedBy({ bound }: TargetResult): string {
  return 'least' in bound ? `≥ ${bound.least.toFixed(2)}` : `≤ ${bound.most.toFixed(2)}`;
}

function verdictOn({ isMet, isAnswered }: TargetResult): string {
  if (isMet) return '✓';
  return isAnswered ? '✗' : '✗ answers not as expected';
}

function sentenceOf(target: TargetResult): string {
  const { title, metric, value } = target;
  const named =
    title.endsWith(metric) || metric === 'requests/s' || title.startsWith(metric) ? title : `${title} (${metric})`;
  return `${named}: target ${wantedBy(target)}: **${value.toFixed(2)}** ${verdictOn(target)}`;
}

function measurementsTable({ measurements }: ComparisonResult): string {
  const titles = ['', 'Requests/s', 'Ratio', 'p50 ms', 'p99 ms', 'CPU µs/request', 'Server CPU', 'Load CPU', 'RSS MiB'];
  return table(
    titles,
    titles.map((_, column) => (column === 0 ? '---' : '---:')),
    measurements.map(rowOf),
  );
}

function rowOf(measurement: Measurement): readonly string[] {
  const { label, requestsPerSecond, ratio, p50Ms, p99Ms, cpuUsPerRequest, serverCpu, loadCpu, residentMiB } =
    measurement;
  return [
    label,
    formatSpread(requestsPerSecond, 0),
    ratio === null ? '' : formatSpread({ ...ratio, median: ratio.value }, 2),
    formatSpread(p50Ms, 2),
    formatSpread(p99Ms, 2),
    cpuUsPerRequest === null ? '–' : formatSpread(cpuUsPerRequest, 0),
    serverCpu === null ? '–' : serverCpu.toFixed(2),
    loadCpu.toFixed(2),
    residentMiB === null ? '–' : residentMiB.toFixed(0),
  ];
}

/** `1,234 (1,200–1,290)` */
export function formatSpread({ median, min, max }: Spread, digits: number): string {
  const format = (value: number): string =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${format(median)} (${format(min)}–${format(max)})`;
}

/** A table of GitHub's Markdown. A pipe in a cell would be taken for its end. */
export function table(
  titles: readonly string[],
  alignments: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  return [titles, alignments, ...rows].map(tableRow).join('\n');
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}
