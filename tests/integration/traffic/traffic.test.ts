import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ChildProcess, freePort, startProcess } from '../../helpers/child-process.ts';
import { engines, type TestDatabase } from '../../helpers/engines.ts';
import { type RunningProfiles, startProfilesOn } from '../../helpers/start-profiles.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

describe('npm run traffic', () => {
  let database: TestDatabase;
  let port: number;
  let profiles: RunningProfiles | undefined;
  let traffic: ChildProcess | undefined;
  beforeEach(async () => {
    database = await sqlite.create();
    port = await freePort();
  });
  afterEach(async () => {
    await traffic?.kill('SIGKILL');
    await profiles?.stop();
    await database.drop();
    traffic = undefined;
    profiles = undefined;
  });

  const startService = async () => {
    profiles = await startProfilesOn(database.url, { PORT: `${port}` });
    return profiles;
  };
  const start = (...args: readonly string[]) => {
    traffic = startProcess([process.execPath, 'src/main/traffic.ts', '--url', `http://127.0.0.1:${port}`, ...args]);
    return traffic;
  };

  it('ends when nobody reads any more what it tells', async () => {
    await startService();
    const child = start('--rate', '20');
    await child.printed(/errors/);
    child.hangUp();
    expect(await child.exited).toMatchObject({ code: 0, signal: null });
  });

  it('sends a mix of what clients send, and tells of it each second and at the end', async () => {
    await startService();
    const child = start('--rate', '100', '--seconds', '3');
    expect(await child.exited).toMatchObject({ code: 0 });

    expect(child.output).toContain(`100 requests a second to http://127.0.0.1:${port}, about 50 users.`);
    expect(child.output).toMatch(/^\d\d:\d\d:\d\d +\d+\/s {2}p50 .* 0 errors {2}200 ×\d+ .* unavailable 0 %$/m);
    const [, requests] = /^(\d+) requests in 3 s; 0 errors \(0 %\)$/m.exec(child.output) ?? [];
    // Three seconds at 100/s, give or take five standard deviations.
    expect(Math.abs(Number(requests) - 300)).toBeLessThan(90);
    const answers = /^ {2}answers .*$/m.exec(child.output)?.[0] ?? '';
    for (const status of ['200', '201', '304', '404']) expect(answers).toContain(`${status} ×`);
  });

  it('ends after its seconds when the service never answers, and exits with 1', async () => {
    const child = start('--seconds', '1');
    expect(await child.exited).toMatchObject({ code: 1 });
    expect(child.output).toMatch(/does not answer as it should \(ECONNREFUSED\)/);
  });

  it('ends at once with Ctrl-C while it waits for a service that does not answer', async () => {
    const silent = createServer(() => {}).listen(port, '127.0.0.1');
    const child = start();
    await once(silent, 'connection');
    const { code, afterMs } = await child.kill('SIGINT');
    expect(code).toBe(130);
    expect(afterMs).toBeLessThan(5_000);
    expect(child.output).toBe('');
    silent.close();
  });

  it('waits for a service that is away, goes on when it goes away, and ends with Ctrl-C and a summary', async () => {
    const child = start('--rate', '50');
    await child.printed(/does not answer as it should \(ECONNREFUSED\); asking again each second/);
    const first = await startService();
    await child.printed(/0 errors {2}200 ×/);
    await first.stop();
    profiles = undefined;
    await child.printed(/the service does not answer/);
    await startService();
    await child.printed(/the service does not answer[\s\S]* 0 errors {2}200 ×/);

    await child.kill('SIGINT');
    expect(child.output).toMatch(/\d+ requests in \d+ s; [1-9]\d* errors .*\n {2}latency .*\n {2}answers .*ECONN/);
  });
});
