import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type MockEnrichment, startMockEnrichment } from '../../mock-enrichment/start-mock-enrichment.ts';
import { type ChildProcess, freePort, repositoryRoot, startProcess } from '../helpers/child-process.ts';
import { engines } from '../helpers/engines.ts';
import { eventually } from '../helpers/eventually.ts';
import { createHttpClient, type HttpClient } from './acceptance/http-client.ts';
import { createUser, newUser, tally } from './acceptance/target.ts';

/** P4 takes half an hour by hand: LEAK_TEST_SECONDS=1800. */
const runMs = Number(process.env['LEAK_TEST_SECONDS'] ?? 60) * 1_000;
const warmUpMs = 15_000;
const sampleEveryMs = 2_000;
/** The provider is healthy and failing in turn, for long enough that the breaker opens and closes each time. */
const flapEveryMs = 700;
/** So many requests are under way at once, each after a pause. */
const clients = 8;
const thinkMs = 10;
/** What a heap may differ by after a collection although nothing leaks: compiled code, caches that fill. */
const heapNoiseBytes = 3_000_000;

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

interface Vitals {
  readonly atMs: number;
  readonly heapBytes: number;
  /** How many of each kind of handle and request keep the event loop alive. */
  readonly held: Readonly<Record<string, number>>;
  readonly series: number;
  readonly requests: number;
}

describe('P4: A service that runs for long, with the breaker flapping', () => {
  let mock: MockEnrichment;
  let service: ChildProcess;
  let api: HttpClient;
  let database: Awaited<ReturnType<typeof sqlite.create>>;

  beforeAll(async () => {
    database = await sqlite.create();
    mock = await startMockEnrichment({ port: 0 });
    const port = await freePort();
    const env = {
      PORT: `${port}`,
      HOST: '127.0.0.1',
      DATABASE_URL: database.url,
      // Full before the measuring begins: what a cache takes up to its bounds is no leak.
      CACHE_MEMORY_ENTRIES_MAX: '100',
      ENRICHMENT_URL: mock.url,
      ENRICHMENT_ATTEMPT_TIMEOUT_MS: '50',
      ENRICHMENT_DEADLINE_MS: '150',
      ENRICHMENT_BREAKER_WINDOW_MS: '500',
      ENRICHMENT_BREAKER_RESET_MS: '150',
      LOG_LEVEL: 'warn',
      RATE_LIMIT_PER_MINUTE: '1000000',
      SHUTDOWN_DRAIN_MS: '0',
    };
    const main = join(repositoryRoot, 'src/main');
    const migration = startProcess([process.execPath, join(main, 'migrate.ts')], { env });
    expect(await migration.exited).toMatchObject({ code: 0 });
    const vitals = join(repositoryRoot, 'tests/helpers/report-vitals.mjs');
    service = startProcess([process.execPath, '--expose-gc', '--import', vitals, join(main, 'profiles.ts')], { env });
    api = createHttpClient(`http://127.0.0.1:${port}`);
    await eventually(async () => expect((await api.send('GET', '/ready')).status).toBe(200), { timeoutMs: 20_000 });
  }, 60_000);

  afterAll(async () => {
    await service.kill('SIGKILL');
    await mock.stop();
    await database.drop();
  });

  it(
    'holds no more memory, timers, sockets and metric series at the end than at the beginning',
    async () => {
      const traffic = await startTraffic(api);
      const flapping = setInterval(() => {
        mock.control.change({ mode: mock.control.read().mode === 'healthy' ? 'failing' : 'healthy' });
      }, flapEveryMs);
      const samples: Vitals[] = [];
      try {
        await pause(warmUpMs);
        const endsAt = performance.now() + runMs;
        while (performance.now() < endsAt) {
          samples.push(await readVitals(traffic.statuses.length));
          await pause(sampleEveryMs);
        }
      } finally {
        clearInterval(flapping);
        await traffic.stop();
      }

      const [first, last] = [samples.slice(0, samples.length / 3), samples.slice(-samples.length / 3)];
      const heap = { first: median(first, heapOf), last: median(last, heapOf) };
      const openings = service.output.split('\n').filter((line) => line.includes('Circuit Breaker OPEN')).length;
      process.stderr.write(
        `P4: ${runMs / 1_000} s, ${traffic.statuses.length} requests ${JSON.stringify(tally(traffic.statuses))}, ` +
          `${openings} openings; heap ${heap.first} → ${heap.last} bytes, slope ${Math.round(slopePerMinute(samples))} bytes/min; ` +
          `series ${median(first, seriesOf)} → ${median(last, seriesOf)}; held ${JSON.stringify(last.at(-1)?.held)}\n`,
      );

      expect(openings).toBeGreaterThan(runMs / flapEveryMs / 4);
      expect(heap.last - heap.first).toBeLessThan(heapNoiseBytes);
      // A status that comes up late is a series more; one for each user or request would be thousands.
      expect(median(last, seriesOf) - median(first, seriesOf)).toBeLessThan(10);
      for (const kind of new Set(samples.flatMap(({ held }) => Object.keys(held)))) {
        const heldOf = ({ held }: Vitals) => held[kind] ?? 0;
        // What is under way at the moment of the sample comes and goes with the clients.
        expect({ kind, grew: median(last, heldOf) - median(first, heldOf) > clients }).toEqual({ kind, grew: false });
      }
    },
    runMs + warmUpMs + 60_000,
  );

  async function readVitals(requests: number): Promise<Vitals> {
    const { text } = await api.send('GET', '/metrics');
    const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
    const before = service.output.split('VITALS').length;
    service.signal('SIGUSR2');
    await eventually(() => expect(service.output.split('VITALS').length).toBe(before + 1));
    const line = service.output.split('VITALS ').at(-1)?.split('\n')[0] ?? '';
    const { heapBytes, held } = JSON.parse(line) as Pick<Vitals, 'heapBytes' | 'held'>;
    return { atMs: performance.now(), heapBytes, held, series, requests };
  }
});

const heapOf = ({ heapBytes }: Vitals): number => heapBytes;
const seriesOf = ({ series }: Vitals): number => series;

function median(samples: readonly Vitals[], of: (sample: Vitals) => number): number {
  const values = samples.map(of).sort((a, b) => a - b);
  return values[Math.floor(values.length / 2)] ?? 0;
}

/** Of the heap, by least squares. */
function slopePerMinute(samples: readonly Vitals[]): number {
  const mean = (of: (sample: Vitals) => number): number =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const [atMs, heap] = [mean((sample) => sample.atMs), mean(heapOf)];
  const covariance = mean((sample) => (sample.atMs - atMs) * (heapOf(sample) - heap));
  return (covariance / mean((sample) => (sample.atMs - atMs) ** 2)) * 60_000;
}

/** Clients that use everything, and ask for what is not there. */
async function startTraffic(api: HttpClient): Promise<{ statuses: readonly number[]; stop(): Promise<void> }> {
  const known = await createUser(api);
  const statuses: number[] = [];
  const stopping = new AbortController();
  const path = `/api/users/${known.id}`;
  const calls: readonly ((turn: number) => ReturnType<HttpClient['send']>)[] = [
    () => api.send('GET', path),
    () => api.send('GET', `${path}/enriched`),
    () => api.send('GET', '/api/users?limit=5'),
    (turn) => api.send('GET', `/api/users/nobody-${turn}`),
    (turn) => api.send('GET', `/nowhere/${turn}`),
    (turn) => api.send('PATCH', path, { json: { displayName: `Ada ${turn}` } }),
    (turn) => api.send('POST', '/api/users', { json: newUser(), headers: { 'idempotency-key': `key-${turn}` } }),
    () => api.send('GET', '/ready'),
  ];

  let turns = 0;
  async function client(): Promise<void> {
    while (!stopping.signal.aborted) {
      const turn = (turns += 1);
      const answer = await calls[turn % calls.length]?.(turn);
      if (answer !== undefined) statuses.push(answer.status);
      await pause(thinkMs);
    }
  }
  const running = Promise.all(Array.from({ length: clients }, client));
  return {
    statuses,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
