import { beforeEach, describe, expect, it } from '@jest/globals';
import type { EnrichmentEvent } from '../../../src/profiles/enrichment/enrichment-events.ts';
import { beginning, type MonitorFixture, monitorOnVirtualTime } from './monitor-fixture.ts';

const serverError = { outcome: 'failure', failure: { kind: 'server-error', status: 503 } } as const;
const timeout = { outcome: 'timeout', failure: { kind: 'timeout' } } as const;
const available = { outcome: 'success', status: 'available' } as const;

let fixture: MonitorFixture;
beforeEach(() => {
  fixture = monitorOnVirtualTime();
});
const emit = (event: EnrichmentEvent): void => fixture.enrichment.events.emit(event);
const calls = () => fixture.monitor.snapshot().calls;

describe('The tap', () => {
  it('shows the attempts and waits of a call from its start', async () => {
    const { time } = fixture;
    const userId = 'u-1';
    emit({ type: 'call-started', userId, requestId: 'r-1' });
    await time.pass(20);
    emit({ type: 'attempt-ended', userId, attempt: 1, ending: serverError, durationMs: 20 });
    emit({ type: 'retry-scheduled', userId, retry: 1, delayMs: 100 });
    await time.pass(600);
    emit({ type: 'attempt-ended', userId, attempt: 2, ending: timeout, durationMs: 500 });
    emit({ type: 'retry-scheduled', userId, retry: 2, delayMs: 200 });
    await time.pass(230);
    emit({ type: 'attempt-ended', userId, attempt: 3, ending: available, durationMs: 30.04 });
    expect(calls()).toEqual([]);
    emit({ type: 'call-ended', userId, ending: available, attempts: 3, durationMs: 850.04 });

    expect(calls()).toEqual([
      {
        number: 1,
        at: beginning,
        userId,
        requestId: 'r-1',
        outcome: 'success',
        durationMs: 850,
        steps: [
          { kind: 'attempt', fromMs: 0, durationMs: 20, outcome: 'failure', detail: 'server-error', status: 503 },
          { kind: 'wait', fromMs: 20, durationMs: 100 },
          { kind: 'attempt', fromMs: 120, durationMs: 500, outcome: 'timeout', detail: 'timeout', status: null },
          { kind: 'wait', fromMs: 620, durationMs: 200 },
          { kind: 'attempt', fromMs: 820, durationMs: 30, outcome: 'success', detail: 'available', status: 200 },
        ],
      },
    ]);
  });

  it('keeps calls apart that run at the same time, in the order of their ends', () => {
    for (const userId of ['u-1', 'u-2']) emit({ type: 'call-started', userId, requestId: `of ${userId}` });
    for (const userId of ['u-2', 'u-1']) {
      const ending = { outcome: 'success', status: 'notFound' } as const;
      emit({ type: 'attempt-ended', userId, attempt: 1, ending, durationMs: 0 });
      emit({ type: 'call-ended', userId, ending, attempts: 1, durationMs: 0 });
    }
    expect(calls().map(({ number, requestId, steps }) => [number, requestId, steps.length])).toEqual([
      [1, 'of u-2', 1],
      [2, 'of u-1', 1],
    ]);
    expect(calls()[0]?.steps[0]).toMatchObject({ detail: 'notFound', status: 404 });
  });

  it.each(['short-circuited', 'rejected'] as const)('shows a call that was %s, without steps', (type) => {
    emit({ type, userId: 'u-1', requestId: null });
    emit({ type: 'fallback', userId: 'u-1', reason: 'circuit-open' });
    expect(calls()).toEqual([
      { number: 1, at: beginning, userId: 'u-1', requestId: null, outcome: type, durationMs: 0, steps: [] },
    ]);
  });

  it('says when they began in whole milliseconds, though the clock has more', async () => {
    await fixture.time.pass(0.4);
    emit({ type: 'rejected', userId: 'u-1', requestId: null });
    emit({ type: 'call-started', userId: 'u-2', requestId: null });
    emit({ type: 'call-ended', userId: 'u-2', ending: available, attempts: 1, durationMs: 1 });
    expect(calls().map(({ at }) => at)).toEqual([beginning, beginning]);
  });

  it('keeps the last fifty', () => {
    for (let call = 0; call < 60; call += 1) emit({ type: 'rejected', userId: `u-${call}`, requestId: null });
    expect(calls().map(({ number }) => number)).toEqual(Array.from({ length: 50 }, (_, index) => index + 11));
  });
});
