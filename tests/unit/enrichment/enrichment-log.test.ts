import { describe, expect, it } from '@jest/globals';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';
import type { EnrichmentEvent } from '../../../src/profiles/enrichment/enrichment-events.ts';
import { logEnrichment } from '../../../src/profiles/enrichment/enrichment-log.ts';

/** The lines that a real logger writes for these events. */
function linesOf(level: 'debug' | 'info', ...events: readonly EnrichmentEvent[]): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const stream = new EventStream<EnrichmentEvent>((error) => {
    throw error;
  });
  const unsubscribe = logEnrichment(stream, createLogger({ level, service: 'test', destination }));
  for (const event of events) stream.emit(event);
  unsubscribe();
  stream.emit({ type: 'breaker-state-changed', from: 'closed', to: 'open', by: null });
  return lines;
}

const userId = 'ada';

describe('the log of the enrichment client', () => {
  it.each([
    ['closed', 'open', 'warn', 'Circuit Breaker OPEN'],
    ['open', 'half-open', 'info', 'Circuit Breaker HALF_OPEN'],
    ['half-open', 'closed', 'info', 'Circuit Breaker CLOSED'],
    ['half-open', 'open', 'warn', 'Circuit Breaker OPEN'],
  ] as const)('says that the breaker went from %s to %s', (from, to, level, msg) => {
    const lines = linesOf('info', { type: 'breaker-state-changed', from, to, by: null });
    expect(lines).toEqual([expect.objectContaining({ level, msg, breaker: 'enrichment', from, to })]);
  });

  it('says which operator has changed the breaker, and names none when nobody has', () => {
    const change = { type: 'breaker-state-changed', from: 'closed', to: 'open' } as const;
    expect(linesOf('info', { ...change, by: 'ada' })).toEqual([expect.objectContaining({ operator: 'ada' })]);
    expect(linesOf('info', { ...change, by: null })[0]).not.toHaveProperty('operator');
  });

  it('has one warning for a failed call, whatever its attempts', () => {
    const ending = { outcome: 'failure', failure: { kind: 'server-error', status: 503 } } as const;
    const lines = linesOf(
      'info',
      { type: 'call-started', userId, requestId: null },
      { type: 'attempt-ended', userId, attempt: 1, ending, durationMs: 3.2 },
      { type: 'retry-scheduled', userId, retry: 1, delayMs: 100 },
      { type: 'attempt-ended', userId, attempt: 2, ending, durationMs: 3.2 },
      { type: 'call-ended', userId, ending, attempts: 2, durationMs: 106.4 },
      { type: 'fallback', userId, reason: 'server-error' },
    );
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'warn',
        msg: 'Enrichment call failed',
        outcome: 'failure',
        failure: 'server-error',
        httpStatus: 503,
        attempts: 2,
        durationMs: 106,
      }),
    ]);
  });

  it('has every attempt at debug', () => {
    const ending = { outcome: 'timeout', failure: { kind: 'timeout' } } as const;
    const lines = linesOf(
      'debug',
      { type: 'attempt-ended', userId, attempt: 1, ending, durationMs: 500 },
      { type: 'retry-scheduled', userId, retry: 1, delayMs: 100 },
      { type: 'call-ended', userId, ending: { outcome: 'success', status: 'available' }, attempts: 2, durationMs: 600 },
      { type: 'fallback', userId, reason: 'caller-gone' },
    );
    expect(lines.map(({ level }) => level)).toEqual(['debug', 'debug', 'debug', 'debug']);
    expect(lines[0]).toMatchObject({ attempt: 1, outcome: 'timeout', durationMs: 500 });
    expect(lines[1]).toMatchObject({ retry: 1, delayMs: 100 });
    expect(lines[2]).toMatchObject({ outcome: 'success', status: 'available', attempts: 2 });
    expect(lines[3]).toMatchObject({ reason: 'caller-gone' });
  });

  it('says nothing while calls succeed, and nothing for each one that an open breaker refuses', () => {
    const lines = linesOf(
      'info',
      { type: 'call-started', userId, requestId: null },
      { type: 'call-ended', userId, ending: { outcome: 'success', status: 'notFound' }, attempts: 1, durationMs: 3 },
      { type: 'short-circuited', userId, requestId: null },
      { type: 'fallback', userId, reason: 'circuit-open' },
    );
    expect(lines).toEqual([]);
  });

  it('warns of a call that found all permits taken', () => {
    expect(linesOf('info', { type: 'rejected', userId, requestId: null })).toEqual([
      expect.objectContaining({ level: 'warn' }),
    ]);
  });

  it('has an error, with its stack, for a defect of ours only', () => {
    const error = Object.assign(new TypeError('x is not a function'), { config: { headers: 'canary' } });
    const ending = { outcome: 'failure', failure: { kind: 'internal-error', error } } as const;
    const lines = linesOf('info', { type: 'call-ended', userId, ending, attempts: 0, durationMs: 1 });
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'error',
        failure: 'internal-error',
        err: { type: 'TypeError', stack: expect.stringMatching(/^ {4}at .*enrichment-log\.test/) },
      }),
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/canary|is not a function/);
  });
});
