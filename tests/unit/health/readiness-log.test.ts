import { describe, expect, it } from '@jest/globals';
import type { ReadinessEvent } from '../../../src/platform/health/readiness-events.ts';
import { logReadiness } from '../../../src/platform/health/readiness-log.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';

function lineOf(event: ReadinessEvent): unknown {
  const lines: unknown[] = [];
  const stream = new EventStream<ReadinessEvent>((error) => {
    throw error;
  });
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  logReadiness(stream, createLogger({ level: 'info', service: 'test', destination }));
  stream.emit(event);
  expect(lines).toHaveLength(1);
  return lines[0];
}

describe('the log of readiness', () => {
  it('warns of a check that goes down, with the cause, and not of one that is not up yet', () => {
    const error = new Error('It is away.', { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) });
    const down = { type: 'check-changed', check: 'database', status: 'down', reason: 'It is away.', error } as const;
    expect(lineOf({ ...down, wasUp: false })).toMatchObject({
      level: 'info',
      msg: 'Readiness check is not up yet',
      reason: 'It is away.',
    });
    expect(lineOf({ ...down, wasUp: true })).toMatchObject({
      level: 'warn',
      msg: 'Readiness check is down',
      check: 'database',
      reason: 'It is away.',
      err: { cause: { code: 'ECONNREFUSED' } },
    });
  });

  it.each([
    [{ type: 'check-changed', check: 'disk', status: 'up' }, 'info', 'Readiness check is up'],
    [{ type: 'readiness-changed', ready: true, failing: [] }, 'info', 'Ready'],
    [{ type: 'readiness-changed', ready: false, failing: ['database'] }, 'warn', 'Not ready'],
    [{ type: 'readiness-changed', ready: false, failing: ['database', 'shutdown'] }, 'warn', 'Not ready'],
    // Somebody wanted that.
    [{ type: 'readiness-changed', ready: false, failing: ['shutdown'] }, 'info', 'Not ready'],
  ] as const)('tells %j as %s', (event, level, msg) => {
    expect(lineOf(event)).toMatchObject({ level, msg });
  });
});
