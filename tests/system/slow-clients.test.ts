import { execFile } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { startProcess } from '../helpers/child-process.ts';
import { engines, type TestDatabase } from '../helpers/engines.ts';
import { eventually } from '../helpers/eventually.ts';
import { describeWith } from '../helpers/services.ts';
import { createUser } from './acceptance/target.ts';
import { startControl, startProbing } from './probing.ts';
import { type ServiceProcess, startService } from './service-process.ts';

const connections = 600;
const seconds = 16;
const healthMsMax = 200;
/**
 * The slowest hundredth of some 290 probes may take longer, up to this: once in several runs the host takes the processor away
 * from the service alone for a few hundred milliseconds. Clients that held it up would do so many times.
 */
const stallMsMax = 1_000;
/** Hundreds of requests that end in one moment have a line each in the log. */
const hangUpMsMax = 1_000;
/** Behind the longest of the server's timeouts, for a request that is on its way. */
const goneMs = 40_000;

const program = 'slowhttptest';
const missing = await promisify(execFile)('which', [program]).then(
  () => null,
  () => `${program} is not installed`,
);

jest.setTimeout(120_000);

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

describeWith(missing, 'Hundreds of slow clients (P2)', () => {
  let database: TestDatabase;
  let service: ServiceProcess;
  beforeAll(async () => {
    database = await sqlite.create();
    service = await startService(database.url);
    await service.becomesReady(10_000);
    // A page of 300 KiB is more than the kernel takes for a connection whose client reads slowly.
    const metadata = { text: 'x'.repeat(15_000) };
    await Promise.all(Array.from({ length: 20 }, () => createUser(service.api, { metadata })));
  });
  afterAll(async () => {
    await service.kill('SIGTERM');
    await database.drop();
  });

  it.each([
    ['send their headers', ['-H'], '/health'],
    ['send their bodies', ['-B', '-t', 'POST', '-f', 'application/json', '-s', '8192'], '/api/users'],
    ['read their answers', ['-X', '-w', '1', '-y', '512', '-n', '1', '-z', '32'], '/api/users?limit=20'],
  ])('that %s byte by byte keep nobody else from anything', async (_how, mode, path) => {
    const health = startProbing(service.api, '/health');
    const reads = startProbing(service.api, '/api/users?limit=1');
    const control = await startControl();
    const pace = ['-c', `${connections}`, '-r', '100', '-i', '1', '-l', `${seconds}`, '-p', '3'];
    const attack = startProcess([program, ...mode, ...pace, '-u', `${service.api.url}${path}`]);
    const connected: number[] = [];
    const watch = setInterval(() => void openConnections(service).then((count) => connected.push(count)), 1_000);
    // Header mode is over when the server has closed all connections, the others when all clients hang up at once.
    await Promise.race([attack.exited, pause((seconds - 1) * 1_000)]);
    clearInterval(watch);
    await Promise.all([health.stop(), reads.stop(), control.stop()]);
    const hangUp = startProbing(service.api, '/health');
    await attack.exited;
    // The connections of the probe itself may be among those.
    await eventually(async () => expect(await openConnections(service)).toBeLessThanOrEqual(2), { timeoutMs: goneMs });
    await hangUp.stop();

    const [healthSeen, readsSeen] = [health.result(), reads.result()];
    const controlMs = control.result().maxMs;
    const figures = {
      connected: Math.max(...connected),
      health: healthSeen,
      reads: readsSeen,
      controlMs,
      hangUpMs: hangUp.result().maxMs,
    };
    process.stderr.write(`P2 ${mode[0]}: ${JSON.stringify(figures)}\n`);
    expect(Math.max(...connected)).toBeGreaterThan(connections / 3);
    expect(Object.keys(healthSeen.statuses)).toEqual(['200']);
    expect(healthSeen.p99Ms).toBeLessThan(healthMsMax + controlMs);
    expect(healthSeen.maxMs).toBeLessThan(stallMsMax + controlMs);
    expect(hangUp.result().maxMs).toBeLessThan(hangUpMsMax);
    expect(Object.keys(readsSeen.statuses)).toEqual(['200']);
    expect(service.output).not.toContain('"level":"error"');
  });
});

/** Connections that the service has open to its clients, as the kernel counts them. */
async function openConnections({ api }: ServiceProcess): Promise<number> {
  const { port } = new URL(api.url);
  const { stdout } = await promisify(execFile)('ss', ['-Htn', 'state', 'established', `sport = :${port}`]);
  return stdout.split('\n').filter((line) => line !== '').length;
}
