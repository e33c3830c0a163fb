import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { HttpServer } from '../../../src/platform/http/server.ts';
import type { Readiness } from '../../../src/platform/health/readiness.ts';
import { createLifecycle, type Lifecycle } from '../../../src/platform/lifecycle.ts';
import { ServiceStop, type StopLimits } from '../../../src/platform/service-stop.ts';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';
import { createReadiness } from '../health/readiness-fixture.ts';

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick'] });
});
afterEach(() => {
  jest.useRealTimers();
});

interface Scene {
  readonly stop: ServiceStop;
  readonly lifecycle: Lifecycle;
  readonly readiness: Readiness;
  /** What was done to the server, and when; and what was logged. */
  readonly seen: string[];
}

/** A service whose server still has `running` requests when it is stopped. */
function createScene(limits: StopLimits, running = 0): Scene {
  const startedAt = performance.now();
  const seen: string[] = [];
  const note = (what: string) => seen.push(`${performance.now() - startedAt} ${what}`);
  const { readiness } = createReadiness();
  const destination = {
    write: (line: string) => {
      const { level, msg, reason } = JSON.parse(line) as Record<string, string>;
      note([level, msg, reason].filter(Boolean).join(' '));
    },
  };
  const lifecycle = createLifecycle();
  const logger = createLogger({ level: 'info', service: 'test', destination });
  const stop = new ServiceStop({ lifecycle, readiness, logger, limits });
  const server: HttpServer = {
    port: 0,
    drain: () => note(`drain, ${readiness.latest().ready ? 'ready' : 'not ready'}, refusing ${stop.drained}`),
    leave: async (waitMs) => {
      note(`leave within ${waitMs}, ${readiness.latest().ready ? 'ready' : 'not ready'}, refusing ${stop.drained}`);
    },
    stop: async (graceMs) => {
      note(`stop within ${graceMs}, refusing ${stop.drained}`);
      if (running > 0) await new Promise((resolve) => setTimeout(resolve, graceMs));
      return running;
    },
  };
  lifecycle.onStop('database', () => void note('database closed'));
  lifecycle.onStop('server', () => stop.closeServer(server));
  return { stop, lifecycle, readiness, seen };
}

describe('The stop of a service', () => {
  it('drains, then closes the server, then what it used, and says so with the reason', async () => {
    const { stop, seen } = createScene({ drainMs: 5_000, graceMs: 15_000 });
    const stopped = stop.run('SIGTERM');
    await jest.advanceTimersByTimeAsync(5_000);
    await stopped;
    expect(seen).toEqual([
      '0 info Draining SIGTERM',
      '0 drain, not ready, refusing false',
      '5000 stop within 9000, refusing true',
      '5000 database closed',
      '5000 info Stopped SIGTERM',
    ]);
  });

  it('cuts requests a second before the end of the grace, and says how many', async () => {
    const { stop, seen } = createScene({ drainMs: 5_000, graceMs: 15_000 }, 3);
    const stopped = stop.run('SIGTERM');
    await jest.advanceTimersByTimeAsync(14_000);
    await stopped;
    expect(seen.slice(-3)).toEqual([
      '14000 warn Requests were cut at the end of the grace',
      '14000 database closed',
      '14000 info Stopped SIGTERM',
    ]);
  });

  it('fails at the end of the grace when a part does not close', async () => {
    const { stop, lifecycle, seen } = createScene({ drainMs: 0, graceMs: 2_000 });
    lifecycle.onStop('stuck', () => new Promise(() => {}));
    const failure = stop.run('SIGTERM').catch((error: Error) => error.message);
    await jest.advanceTimersByTimeAsync(1_999);
    expect(await Promise.race([failure, Promise.resolve('waiting')])).toBe('waiting');
    await jest.advanceTimersByTimeAsync(1);
    expect(await failure).toBe('Not everything was closed within the grace of 2000 ms.');
    expect(seen.join()).not.toContain('Stopped');
  });

  it('leaves time to close what was used when the drain is as long as the grace', async () => {
    const { stop, seen } = createScene({ drainMs: 2_000, graceMs: 2_000 });
    const stopped = stop.run('SIGTERM');
    await jest.advanceTimersByTimeAsync(1_500);
    await stopped;
    expect(seen.at(-1)).toBe('1500 info Stopped SIGTERM');
  });

  it('stays ready and only lets those leave who are connected when others keep the port', async () => {
    const { stop, readiness, seen } = createScene({ drainMs: 5_000, graceMs: 15_000 });
    await readiness.report();
    await stop.run('restart', { isReplaced: true });
    expect(seen).toEqual([
      '0 info Draining restart',
      '0 leave within 5000, ready, refusing false',
      '0 stop within 14000, refusing true',
      '0 database closed',
      '0 info Stopped restart',
    ]);
  });

  it('can be asked for again, with other limits than its own, and happens once', async () => {
    const { stop, seen } = createScene({ drainMs: 5_000, graceMs: 15_000 });
    const stopped = Promise.all([stop.run('SIGINT', { drainMs: 100 }), stop.run('SIGTERM')]);
    await jest.advanceTimersByTimeAsync(100);
    await stopped;
    await stop.run('SIGTERM');
    expect(seen.filter((line) => line.includes('Stopped'))).toEqual(['100 info Stopped SIGINT']);
  });
});
