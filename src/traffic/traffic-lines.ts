import type { OutcomeCounts } from './outcome-counts.ts';

/** What became of the requests of one second. */
export function secondLine(counts: OutcomeCounts, at: Date): string {
  return [
    at.toLocaleTimeString('en-GB', { timeZone: 'UTC' }),
    `${counts.requests}/s`.padStart(6),
    latencies(counts),
    `${counts.failed} errors`.padStart(10),
    results(counts),
    unavailable(counts),
    ...(counts.unsent === 0 ? [] : [`${counts.unsent} not sent, too many wait`]),
    ...(counts.isAway ? ['the service does not answer'] : []),
  ]
    .filter((part) => part !== '')
    .join('  ');
}

/** The same of the whole run, over several lines. */
export function summaryLines(counts: OutcomeCounts, seconds: number): readonly string[] {
  const errorShare = counts.requests === 0 ? 0 : counts.failed / counts.requests;
  return [
    `${counts.requests} requests in ${seconds.toFixed(0)} s; ${counts.failed} errors (${percent(errorShare)})`,
    `  latency      ${latencies(counts)}`,
    `  answers      ${results(counts)}`,
    `  enrichment   ${unavailable(counts) || 'not asked for'}`,
    ...(counts.unsent === 0 ? [] : [`  not sent     ${counts.unsent}, since too many had no answer yet`]),
  ];
}

function latencies({ latencies }: OutcomeCounts): string {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => latencies.quantileMs(share).toFixed(1).padStart(6));
  return `p50 ${p50}  p95 ${p95}  p99 ${p99} ms`;
}

function results(counts: OutcomeCounts): string {
  return counts.results.map(([result, count]) => `${result} ×${count}`).join(' ');
}

function unavailable({ unavailableShare }: OutcomeCounts): string {
  return unavailableShare === null ? '' : `unavailable ${percent(unavailableShare)}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
}
