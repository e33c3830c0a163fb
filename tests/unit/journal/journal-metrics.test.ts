import { expect, it } from '@jest/globals';
import type { JournalEvent } from '../../../src/platform/journal/journal-events.ts';
import { logJournal } from '../../../src/platform/journal/journal-log.ts';
import { recordJournal } from '../../../src/platform/journal/journal-metrics.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import { createMetrics } from '../../../src/platform/telemetry/metrics.ts';
import { ScrapedMetrics } from '../../helpers/scraped-metrics.ts';

const createEvents = (): EventStream<JournalEvent> =>
  new EventStream<JournalEvent>((error) => {
    throw error;
  });

it('The metrics of the journal tell how long it has been silent, and what was passed over', async () => {
  const registry = createMetrics({ service: 'test', version: '1.2.3', revision: 'abc' });
  const events = createEvents();
  const end = recordJournal(events, { isFollowing: true, silenceMs: 1_500 }, registry);
  events.emit({ type: 'skipped', reason: 'many-gaps', changes: 5_000 });
  end();
  events.emit({ type: 'skipped', reason: 'many-gaps', changes: 5_000 });
  const metrics = new ScrapedMetrics(await registry.metrics());
  expect(metrics.sum('cache_journal_following')).toBe(1);
  expect(metrics.sum('cache_journal_lag_seconds')).toBe(1.5);
  expect(metrics.values('cache_journal_skips_total')).toEqual({ 'many-gaps': 1 });
});

it('The log tells of a journal that cannot be followed, and that it can again', () => {
  const events = createEvents();
  const lines: object[] = [];
  const line = (level: string) => (fields: object, message: string) => void lines.push({ level, message, ...fields });
  logJournal(events, { info: line('info'), warn: line('warn') });
  const error = new Error('away');
  events.emit({ type: 'contact-lost', error });
  events.emit({ type: 'contact-regained', silenceMs: 12_000.4 });
  events.emit({ type: 'skipped', reason: 'far-behind', changes: 20_000 });
  expect(lines).toEqual([
    { level: 'warn', message: 'The journal of changes cannot be read', err: error },
    { level: 'info', message: 'The journal of changes is read again', durationMs: 12_000 },
    {
      level: 'warn',
      message: 'Changes were passed over, what was cached is forgotten',
      reason: 'far-behind',
      changes: 20_000,
    },
  ]);
});
