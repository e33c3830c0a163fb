import { setTimeout as pause } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { eventually } from '../helpers/eventually.ts';
import type { HttpClient } from './acceptance/http-client.ts';
import { createUser, tally } from './acceptance/target.ts';
import type { ServiceProcess } from './service-process.ts';
import { type Outcome, startSteadyTraffic } from './steady-traffic.ts';

/** How the database goes away and comes back. */
export interface Outage {
  readonly begin: () => Promise<void> | void;
  readonly end: () => Promise<void> | void;
  readonly forMs: number;
}

/** What clients have seen of an outage, on the monotonic clock. */
export interface SeenOutage {
  /** Of the traffic, in the order of their ends. */
  readonly outcomes: readonly Outcome[];
  readonly health: readonly Probe[];
  readonly readiness: readonly Probe[];
  /** When the database began to go, was gone, and was about to come back, and when it had come. */
  readonly beganAtMs: number;
  readonly goneAtMs: number;
  readonly returnsAtMs: number;
  readonly backAtMs: number;
}

interface Probe {
  readonly sentAtMs: number;
  readonly endedAtMs: number;
  readonly status: number;
}

/** What a request may be answered with while the database is away: nothing was done, or nobody knows yet. */
export const honestRefusals: ReadonlySet<string> = new Set([
  '503 database-unavailable',
  '503 overloaded',
  '503 outcome-unknown',
]);

const probeEveryMs = 50;
/** So many answers in a row without a failure show that the service has recovered. */
const steadyAnswers = 300;

/** Takes the database away under traffic, gives it back, and waits until all requests succeed again. */
export async function sitThrough(api: HttpClient, outage: Outage): Promise<SeenOutage> {
  const known = await createUser(api);
  const traffic = startSteadyTraffic(api, known);
  const health = startProbing(api, '/health');
  const readiness = startProbing(api, '/ready');
  const steady = async (timeoutMs: number): Promise<void> => {
    const enough = () => {
      const tail = traffic.outcomes.slice(-steadyAnswers);
      expect({ answers: tail.length, failures: tail.filter(isFailure) }).toEqual({
        answers: steadyAnswers,
        failures: [],
      });
    };
    await eventually(enough, { timeoutMs });
  };
  try {
    await steady(10_000);
    const beganAtMs = performance.now();
    await outage.begin();
    const goneAtMs = performance.now();
    await pause(outage.forMs);
    const returnsAtMs = performance.now();
    await outage.end();
    const backAtMs = performance.now();
    await steady(20_000);
    const times = { beganAtMs, goneAtMs, returnsAtMs, backAtMs };
    return { outcomes: traffic.outcomes, health: health.seen, readiness: readiness.seen, ...times };
  } finally {
    await Promise.all([traffic.stop(), health.stop(), readiness.stop()]);
  }
}

export function isFailure({ result }: Outcome): boolean {
  return result !== '200' && result !== '201';
}

/** From when the database was back to the end of the last request that failed; 0 when none has failed since. */
export function recoveryMs({ outcomes, backAtMs }: SeenOutage): number {
  return Math.max(0, ...outcomes.filter(isFailure).map(({ sentAtMs, durationMs }) => sentAtMs + durationMs - backAtMs));
}

/** When the breaker around the database has changed to `state`, on the monotonic clock. */
export function breakerTimesMs({ output }: ServiceProcess, state: 'OPEN' | 'HALF_OPEN' | 'CLOSED'): number[] {
  return output
    .split('\n')
    .filter((line) => line.includes('"breaker":"database"') && line.includes(`"Circuit Breaker ${state}"`))
    .map((line) => Date.parse(/"time":"([^"]+)"/.exec(line)?.[1] ?? '') - performance.timeOrigin);
}

/** What every client may rely on, however the database goes away. */
export function expectHonestAnswers({ outcomes, health, readiness, ...times }: SeenOutage): void {
  expect(
    outcomes.filter((outcome) => isFailure(outcome) && outcome.sentAtMs + outcome.durationMs < times.beganAtMs),
  ).toEqual([]);
  const failures = outcomes.filter(isFailure);
  expect(failures.filter(({ result }) => !honestRefusals.has(result))).toEqual([]);
  expect(failures.filter(({ retryAfter }) => !/^[1-9]\d*$/.test(retryAfter ?? ''))).toEqual([]);

  expect(Object.keys(tally(health.map(({ status }) => status)))).toEqual(['200']);
  // What was found out is told for a second.
  const during = readiness.filter(
    ({ sentAtMs, endedAtMs }) => sentAtMs > times.goneAtMs + 1_000 && endedAtMs < times.returnsAtMs,
  );
  expect(Object.keys(tally(during.map(({ status }) => status)))).toEqual(['503']);
}

/** What was acknowledged is there once, and so is its change; what was refused is not there. */
export async function expectTrueAnswers(
  { outcomes }: Pick<SeenOutage, 'outcomes'>,
  databaseUrl: string,
): Promise<void> {
  const changes = await select(
    databaseUrl,
    'SELECT email, COUNT(change_id) AS changes FROM users LEFT JOIN user_changes ON user_id = id GROUP BY email',
  );
  const changesOf = new Map(changes.map((row) => [String(row['email']), Number(row['changes'])]));
  const wrong = outcomes.filter(({ email, result }) => {
    if (email === undefined) return false;
    const found = changesOf.get(email) ?? 0;
    return result === '201' ? found !== 1 : result === '503 outcome-unknown' ? found > 1 : found !== 0;
  });
  expect(wrong).toEqual([]);
}

/** Connections that somebody has open to the database. */
export async function connectionsTo(databaseUrl: string): Promise<number> {
  const name = new URL(databaseUrl).pathname.slice(1);
  const rows = await select(databaseUrl, 'SHOW PROCESSLIST', { without: 'database' });
  return rows.filter(({ db }) => db === name).length;
}

async function select(url: string, sql: string, options?: { without: 'database' }): Promise<RowDataPacket[]> {
  const { href } = new URL(options === undefined ? url : '/', url);
  const connection = await createConnection({ uri: href });
  try {
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    return rows;
  } finally {
    await connection.end();
  }
}

function startProbing(api: HttpClient, path: string): { seen: readonly Probe[]; stop(): Promise<void> } {
  const seen: Probe[] = [];
  const stopping = new AbortController();
  const running = (async () => {
    while (!stopping.signal.aborted) {
      const sentAtMs = performance.now();
      const { status } = await api.send('GET', path);
      seen.push({ sentAtMs, endedAtMs: performance.now(), status });
      await pause(probeEveryMs);
    }
  })();
  // It is awaited at the end; what has gone wrong by then is no unhandled rejection.
  running.catch(() => {});
  return {
    seen,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
