import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runLoad } from './load.ts';
import { type MeasuredProcess, startMeasured } from './measured-process.ts';
import { formatSpread, quantile, type Spread, spreadOf } from './statistics.ts';

/**
 * `npm run bench:tracing`: what traces cost a request for one profile (SQLite, log as in production).
 *
 * The variants take turns, so that whatever else the machine does meets them all.
 */
const rounds = 9;
const roundMs = 1_000;
const warmUpMs = 2_000;
const connections = 16;

interface Round {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuUsPerRequest: number;
}

interface Variant {
  readonly name: string;
  readonly service: MeasuredProcess;
  readonly headers: Readonly<Record<string, string>>;
  readonly rounds: Round[];
}

const folder = await mkdtemp(join(tmpdir(), 'bench-tracing-'));
const started: MeasuredProcess[] = [];
try {
  const sink = await start('./trace-sink.ts', {});
  const off = await startService('off', {});
  const on = await startService('on', { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url });
  const unsampled = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00` };
  const variants: readonly Variant[] = [
    { name: 'off', service: off, headers: {}, rounds: [] },
    { name: 'on, not sampled by the caller', service: on, headers: unsampled, rounds: [] },
    { name: 'on', service: on, headers: {}, rounds: [] },
  ];
  for (const { service, headers } of variants) await load(service, headers, warmUpMs);
  for (let round = 0; round < rounds; round++) {
    for (const variant of variants) variant.rounds.push(await measure(variant));
  }
  process.stdout.write(tableOf(variants));
} finally {
  for (const child of started.toReversed()) await child.stop();
  await rm(folder, { recursive: true });
}

async function start(module: string, env: Readonly<Record<string, string>>): Promise<MeasuredProcess> {
  const child = await startMeasured(module, env);
  started.push(child);
  return child;
}

/** A service with one profile, `ada`. */
async function startService(name: string, env: Readonly<Record<string, string>>): Promise<MeasuredProcess> {
  const service = await start('./service.ts', {
    DATABASE_URL: `sqlite:${join(folder, name, 'profiles.sqlite')}`,
    ENRICHMENT_URL: 'http://127.0.0.1:9',
    HOST: '127.0.0.1',
    PORT: '0',
    ...env,
  });
  const response = await fetch(`${service.url}/api/users`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: 'ada', name: 'Ada Lovelace', email: 'ada@example.com' }),
  });
  if (response.status !== 201) throw new Error(`The profile was answered with ${response.status}.`);
  return service;
}

async function load(service: MeasuredProcess, headers: Readonly<Record<string, string>>, durationMs: number) {
  return await runLoad({ url: `${service.url}/api/users/ada`, headers, connections, durationMs });
}

async function measure({ service, headers }: Variant): Promise<Round> {
  const before = await service.cpuMs();
  const { requests, requestsPerSecond, latenciesMs } = await load(service, headers, roundMs);
  // Spans that still wait are sent in a moment, at the cost of the next round; those of the last one were at that of this.
  const cpuMs = (await service.cpuMs()) - before;
  return {
    requestsPerSecond,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    cpuUsPerRequest: (cpuMs * 1_000) / requests,
  };
}

function tableOf(variants: readonly Variant[]): string {
  const columns: readonly (readonly [title: string, of: (round: Round) => number, digits: number])[] = [
    ['Requests/s', (round) => round.requestsPerSecond, 0],
    ['p50 ms', (round) => round.p50Ms, 2],
    ['p99 ms', (round) => round.p99Ms, 2],
    ['CPU µs/request', (round) => round.cpuUsPerRequest, 0],
  ];
  const spreads = variants.map((variant) => columns.map(([, of]) => spreadOf(variant.rounds.map(of))));
  const [reference] = spreads;
  const cell = (spread: Spread, column: number): string => {
    const base = reference?.[column]?.median ?? Number.NaN;
    return `${formatSpread(spread, columns[column]?.[2])} ×${(spread.median / base).toFixed(2)}`;
  };
  const lines = [
    ['Traces', ...columns.map(([title]) => title)],
    ['---', ...columns.map(() => '---:')],
    ...variants.map(({ name }, row) => [name, ...(spreads[row] ?? []).map(cell)]),
  ];
  const about = `GET of one profile, ${connections} connections, median (least–greatest) of ${rounds} rounds of ${roundMs / 1_000} s, Node.js ${process.version}`;
  return `${about}\n\n${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}
