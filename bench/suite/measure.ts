import type { LoadProcess } from '../load/load-process.ts';
import type { LoadReport } from '../load/load-order.ts';
import { usageOf } from '../machine/usage.ts';
import { type Spread, spreadOf } from '../statistics.ts';
import type { Comparison, ComparisonResult, Contender, Measurement, Ratio } from './comparison.ts';
import { problemsOf } from './problems.ts';

/** How long is measured. */
export interface Pace {
  readonly rounds: number;
  readonly roundMs: number;
  /** Load before the first round, for each contender, so that its code is compiled and its caches are full; or more. */
  readonly warmUpMs: number;
}

const warmUpPartsMax = 10;

interface Round extends LoadReport {
  readonly cpuMs: number | null;
  readonly residentMiB: number | null;
}

/** @throws Error when a server ends a connection, sends what is no answer, or nothing for a minute */
export async function measure(
  { name, contenders }: Comparison,
  load: LoadProcess,
  pace: Pace,
  onRound: () => void,
): Promise<ComparisonResult> {
  const rounds = new Map<Contender, Round[]>(contenders.map((contender) => [contender, []]));
  for (const contender of contenders) {
    await warmUp(contender, load, pace.warmUpMs);
    onRound();
  }
  for (let round = 0; round < pace.rounds; round++) {
    for (const [contender, measured] of rounds) {
      measured.push(await measureRound(contender, load, pace.roundMs));
      onRound();
    }
  }
  return {
    name,
    measurements: [...rounds].map(([contender, measured]) => summarise(contender, measured, rounds)),
    problems: [...rounds].flatMap(([contender, measured]) => problemsOf(contender, measured)),
  };
}

/**
 * In parts, until two in succession were answered as expected: a service joins its caches a moment after its start, and
 * only what is asked from then on fills them. What never is as expected is measured all the same, and told.
 */
async function warmUp(contender: Contender, load: LoadProcess, durationMs: number): Promise<void> {
  let expected = 0;
  for (let part = 0; part < warmUpPartsMax && expected < 2; part++) {
    const report = await run(contender, load, durationMs / 2);
    expected = problemsOf(contender, [report]).length === 0 ? expected + 1 : 0;
  }
}

async function measureRound(contender: Contender, load: LoadProcess, durationMs: number): Promise<Round> {
  const { server } = contender;
  await server.beginRound();
  const before = await usageOf(server.pid);
  const report = await run(contender, load, durationMs);
  const after = await usageOf(server.pid);
  return {
    ...report,
    cpuMs: before === null || after === null ? null : after.cpuMs - before.cpuMs,
    residentMiB: after?.residentMiB ?? null,
  };
}

async function run(contender: Contender, load: LoadProcess, durationMs: number): Promise<LoadReport> {
  const { server, plan, connections, expectedStatus } = contender;
  return await load.run({ port: server.port, connections, durationMs, plan, expectedStatus });
}

function summarise(
  { label, against }: Contender,
  rounds: readonly Round[],
  all: ReadonlyMap<Contender, readonly Round[]>,
): Measurement {
  const cpuUs = rounds.flatMap(({ cpuMs, requests }) => (cpuMs === null ? [] : (cpuMs * 1_000) / requests));
  const cpuShares = rounds.flatMap(({ cpuMs, seconds }) => (cpuMs === null ? [] : cpuMs / 1_000 / seconds));
  const resident = rounds.flatMap(({ residentMiB }) => residentMiB ?? []);
  return {
    label,
    requestsPerSecond: throughputOf(rounds),
    p50Ms: spreadOf(rounds.map(({ p50Ms }) => p50Ms)),
    p99Ms: spreadOf(rounds.map(({ p99Ms }) => p99Ms)),
    cpuUsPerRequest: cpuUs.length === 0 ? null : spreadOf(cpuUs),
    residentMiB: resident.length === 0 ? null : Math.max(...resident),
    serverCpu: cpuShares.length === 0 ? null : spreadOf(cpuShares).median,
    loadCpu: spreadOf(rounds.map(({ cpuSeconds, seconds }) => cpuSeconds / seconds)).median,
    ratio: ratioOf(rounds, against, all),
  };
}

function throughputOf(rounds: readonly Round[]): Spread {
  return spreadOf(rounds.map(perSecond));
}

function perSecond({ requests, seconds }: Round): number {
  return requests / seconds;
}

function ratioOf(
  rounds: readonly Round[],
  against: string | undefined,
  all: ReadonlyMap<Contender, readonly Round[]>,
): Ratio | null {
  const to = [...all].find(([{ label }]) => label === against);
  if (to === undefined) return null;
  const [{ label }, others] = to;
  const { min, max } = spreadOf(
    rounds.flatMap((round, number) => {
      const other = others[number];
      return other === undefined ? [] : perSecond(round) / perSecond(other);
    }),
  );
  return { to: label, value: throughputOf(rounds).median / throughputOf(others).median, min, max };
}
