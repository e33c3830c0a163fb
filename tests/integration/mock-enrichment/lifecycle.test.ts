import { describe, expect, it } from '@jest/globals';
import { askFor, runMock, snapshotWhere } from './run-mock.ts';

describe('startMockEnrichment', () => {
  it('says where it is', async () => {
    const mock = await runMock();

    expect(mock.port).toBeGreaterThan(0);
    expect(mock.url).toBe(`http://127.0.0.1:${mock.port}`);
  });

  it('names the loopback address when it listens everywhere', async () => {
    const mock = await runMock({ host: '0.0.0.0' });

    expect(mock.url).toBe(`http://127.0.0.1:${mock.port}`);
    expect((await fetch(`${mock.url}/health`)).status).toBe(200);
  });

  it('keeps idle connections long enough not to cut one that is being used again', async () => {
    const mock = await runMock();

    const response = await fetch(`${mock.url}/health`);

    expect(response.headers.get('keep-alive')).toBe('timeout=60');
  });

  it('rejects with the reason when the port is taken', async () => {
    const { port } = await runMock();

    await expect(runMock({ port })).rejects.toMatchObject({ code: 'EADDRINUSE', syscall: 'listen' });
  });
});

describe('stop', () => {
  it('cuts hanging requests, slow requests and live streams, and frees the port', async () => {
    const mock = await runMock({ mode: 'hanging' });
    const hanging = askFor(mock, 'ada');
    await snapshotWhere(mock, ({ count }) => count === 1);
    mock.control.change({ mode: 'slow', latencyMs: 60_000 });
    const slow = askFor(mock, 'grace');
    await snapshotWhere(mock, ({ count }) => count === 2);
    const stream = await fetch(`${mock.url}/control/requests/stream`);
    const outcomes = Promise.allSettled([hanging, slow, stream.text()]);
    const stoppedMs = performance.now();

    await mock.stop();

    expect(performance.now() - stoppedMs).toBeLessThan(1000);
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    const successor = await runMock({ port: mock.port });
    expect((await fetch(`${successor.url}/health`)).status).toBe(200);
  });

  it('may be called twice', async () => {
    const mock = await runMock();

    await mock.stop();

    await expect(mock.stop()).resolves.toBeUndefined();
  });
});
