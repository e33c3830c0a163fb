import { recordCache } from '../../platform/cache/cache-metrics.ts';
import { MemoryCache } from '../../platform/cache/memory-cache.ts';
import { ReadThroughCache } from '../../platform/cache/read-through-cache.ts';
import { RecentChanges } from '../../platform/cache/recent-changes.ts';
import type { FollowingSharedCache } from '../../platform/cache/shared-cache.ts';
import type { DatabaseConfig } from '../../platform/database/database-config.ts';
import type { ServiceDatabase } from '../../platform/database/service-database.ts';
import type { BackgroundWork } from '../../platform/http/service-host.ts';
import type { WriteObserver } from '../../platform/http/write-effects.ts';
import type { JournalEvent } from '../../platform/journal/journal-events.ts';
import { logJournal } from '../../platform/journal/journal-log.ts';
import { recordJournal } from '../../platform/journal/journal-metrics.ts';
import { JournalTail } from '../../platform/journal/journal-tail.ts';
import { systemScheduler } from '../../platform/scheduler.ts';
import type { Telemetry } from '../../platform/telemetry/create-telemetry.ts';
import { SqlChangeFeed } from '../changes/sql-change-feed.ts';
import type { UserEffect } from './user-controller.ts';
import type { UserView } from './user-view.ts';

export interface UserCacheConfig {
  readonly ttlMs: number;
  /** 0: nothing is kept in memory. */
  readonly entriesMax: number;
  readonly bytesMax: number;
  /** Of what is shared. */
  readonly keyPrefix: string;
}

/** What processes remember of users, and how they learn of each other's changes. */
export interface UserCache {
  readonly cache: ReadThroughCache<UserView>;
  readonly tail: JournalTail;
  /** Of this process's writes. */
  readonly observer: WriteObserver<UserEffect>;
  /** Nothing is kept before. */
  start(): BackgroundWork;
}

/** How long the journal is read on the connection that it has for itself, before others are asked. */
const ownConnectionMs = 500;
/** What was begun may show for this long, and for twice the time that a write may take. */
const unsettledMsMin = 10_000;

/** @param options.shared the second level; null: there is none */
export function createUserCache(options: {
  readonly config: UserCacheConfig;
  readonly database: ServiceDatabase;
  /** Of the way of requests to the database. */
  readonly limits: Pick<DatabaseConfig, 'queryTimeoutMs' | 'queueTimeoutMs'>;
  readonly telemetry: Telemetry;
  readonly shared: FollowingSharedCache<UserView> | null;
  /** Whether somebody else needs the journal followed, too. */
  readonly isFollowed: boolean;
}): UserCache {
  const { config, database, shared, isFollowed, limits } = options;
  const { logger, metrics, stream } = options.telemetry;
  const scheduler = systemScheduler;
  const unsettledMs = Math.max(unsettledMsMin, 2 * limits.queryTimeoutMs);

  const events = stream<JournalEvent>();
  const feed = new SqlChangeFeed(database.backgroundReader, {
    hasRowLocks: database.sequelize.getDialect() !== 'sqlite',
  });
  const tail = new JournalTail(feed, {
    scheduler,
    events,
    gapMs: unsettledMs,
    answerMs: 2 * ownConnectionMs + limits.queueTimeoutMs + limits.queryTimeoutMs,
  });
  logJournal(events, logger);
  recordJournal(events, tail, metrics);

  const memory = new MemoryCache<UserView>({ ...config, sizeOf: sizeOfView, scheduler });
  const recent = new RecentChanges(scheduler, { windowMs: unsettledMs });
  const cache = new ReadThroughCache<UserView>({ memory, recent, tail, shared });
  recordCache({ counts: cache.counts, memory }, metrics);

  return {
    cache,
    tail,
    observer: {
      committed: ({ id, revision, view }) => cache.put(id, { revision, value: view }),
      undecided: ({ id }) => cache.doubt(id),
      met: (id) => cache.met(id),
    },
    start: () => {
      // Without anything to keep, every reading goes to the database, and there is no need to follow the journal.
      if (config.entriesMax > 0 || shared !== null || isFollowed) tail.start();
      shared?.start({ tail, feed });
      return {
        stop: async () => {
          await shared?.stop();
          await tail.stop();
        },
      };
    },
  };
}

/** Two bytes for each character, as for text beyond Latin-1; the rest are small. */
function sizeOfView({ body }: UserView): number {
  return 2 * body.length;
}
