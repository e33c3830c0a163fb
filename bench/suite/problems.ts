import type { LoadReport, Sample } from '../load/load-order.ts';
import type { Contender } from './comparison.ts';

/** What was wrong with a contender's answers, each thing once. */
export function problemsOf(contender: Contender, reports: readonly LoadReport[]): readonly string[] {
  const problems = new Set<string>();
  for (const { unexpected, requests, sample } of reports) {
    for (const [status, count] of Object.entries(unexpected)) {
      problems.add(`in a round, ${count} answers were ${status}, and ${requests} were ${contender.expectedStatus}`);
    }
    const problem = sample === null ? null : problemOf(contender, sample);
    if (problem !== null) problems.add(problem);
  }
  return [...problems].map((problem) => `${contender.label}: ${problem}`);
}

function problemOf({ cache, check }: Contender, sample: Sample): string | null {
  const said = /^x-cache: (.*)$/im.exec(sample.headers)?.[1]?.trim() ?? 'none';
  if (cache !== undefined && said !== cache) return `X-Cache is ${said} instead of ${cache}`;
  return check?.(sample) ?? null;
}
