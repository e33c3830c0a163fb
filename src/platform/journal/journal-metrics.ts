import { Counter, type Registry } from 'prom-client';
import type { EventSource } from '../telemetry/event-stream.ts';
import { gaugeOnScrape, startAtZero } from '../telemetry/metrics.ts';
import type { JournalEvent, SkipReason } from './journal-events.ts';
import type { JournalTail } from './journal-tail.ts';

const skipReasons: Readonly<Record<SkipReason, true>> = {
  'far-behind': true,
  'many-gaps': true,
  'journal-reset': true,
};

/**
 * Shows how far behind the journal of changes this process is.
 *
 * @returns a function that ends it
 */
export function recordJournal(
  events: EventSource<JournalEvent>,
  tail: Pick<JournalTail, 'isFollowing' | 'silenceMs'>,
  registry: Registry,
): () => void {
  gaugeOnScrape(
    registry,
    {
      name: 'cache_journal_following',
      help: '1 while changes are followed, and the cache is used; else 0.',
      aggregator: 'min',
    },
    (gauge) => gauge.set(tail.isFollowing ? 1 : 0),
  );
  gaugeOnScrape(
    registry,
    {
      name: 'cache_journal_lag_seconds',
      help: 'How long ago the journal of changes was last read to its end.',
      aggregator: 'max',
    },
    (gauge) => gauge.set(tail.silenceMs / 1_000),
  );
  const skips = new Counter({
    name: 'cache_journal_skips_total',
    help: 'Times that changes were passed over, so that all that was cached was forgotten.',
    labelNames: ['reason'],
    registers: [registry],
  });
  startAtZero(
    skips,
    Object.keys(skipReasons).map((reason) => ({ reason })),
  );
  return events.subscribe((event) => {
    if (event.type === 'skipped') skips.inc({ reason: event.reason });
  });
}
