import type { DatabaseConfig } from '../../platform/database/database-config.ts';
import type { DatabaseReader } from '../../platform/database/database-reader.ts';
import type { DatabaseReplicas, ReplicaConfig } from '../../platform/database/database-replicas.ts';
import type { ServiceDatabase } from '../../platform/database/service-database.ts';
import type { BackgroundWork } from '../../platform/http/service-host.ts';
import { observedByAll, type WriteObserver } from '../../platform/http/write-effects.ts';
import type { Lifecycle } from '../../platform/lifecycle.ts';
import type { RedisConnection } from '../../platform/redis/redis-connection.ts';
import type { Telemetry } from '../../platform/telemetry/create-telemetry.ts';
import { ReadModelBuild } from '../read-model/read-model-build.ts';
import { recordReadModel } from '../read-model/read-model-metrics.ts';
import { createReadModelState, type ReadModelState } from '../read-model/read-model-state.ts';
import { bindReadModelWork } from '../read-model/sql-read-model-work.ts';
import { usersReadTable } from '../read-model/sql-users-read-table.ts';
import { SwitchedUserQueries } from '../read-model/switched-user-queries.ts';
import { CachedUserQueries } from './cached-user-queries.ts';
import { createSharedUserCache, type SharedUserCache } from './create-shared-user-cache.ts';
import { createUserCache, type UserCacheConfig } from './create-user-cache.ts';
import { createUserReplicas } from './create-user-replicas.ts';
import type { ProfilesModels } from './profiles-models.ts';
import { SqlUserQueries, usersTable } from './sql-user-queries.ts';
import type { UserEffect } from './user-controller.ts';
import type { UserMemory, UserQueries } from './user-queries.ts';

export interface UserReadsOptions {
  readonly config: {
    readonly database: DatabaseConfig;
    readonly replicas: ReplicaConfig;
    readonly cache: UserCacheConfig;
  };
  readonly database: ServiceDatabase;
  readonly models: ProfilesModels;
  /** Null: each process remembers for itself. */
  readonly redis: RedisConnection | null;
  /** Whether this process builds the read model where it has not been built, or that is somebody else's step. */
  readonly buildsReadModel: boolean;
  readonly telemetry: Telemetry;
  readonly lifecycle: Lifecycle;
}

/** How users are read: from caches, then from a replica or the primary, there from the read model or the users. */
export interface UserReads {
  readonly queries: UserQueries & UserMemory;
  /** For what else is read and not cached. */
  readonly reader: DatabaseReader;
  readonly replicas: Pick<DatabaseReplicas, 'isServing'>;
  /** Null: each process remembers for itself. */
  readonly sharedCache: SharedUserCache | null;
  /** Of this process's writes. */
  readonly observer: WriteObserver<UserEffect>;
  /** Once database and schema are there. Never rejects. */
  refresh(): Promise<void>;
  /** Follows the changes. */
  start(): BackgroundWork;
}

export function createUserReads(options: UserReadsOptions): UserReads {
  const { config, database, models, redis, telemetry, lifecycle } = options;
  const sharedCache = redis === null ? null : createSharedUserCache(redis, config.cache, telemetry);
  const userCache = createUserCache({
    config: config.cache,
    database,
    limits: config.database,
    telemetry,
    shared: sharedCache?.cache ?? null,
    isFollowed: config.replicas.locations.length > 0,
  });
  const readModel = usersReadTable(models.usersRead);
  const { replicas, observer } = createUserReplicas(config.replicas, {
    database: config.database,
    primary: database.reader,
    tail: userCache.tail,
    readModel,
    telemetry,
    lifecycle,
  });
  const { state, refresh } = followReadModel(options);
  const stored = new SwitchedUserQueries(state, {
    readModel: new SqlUserQueries(readModel, replicas.reader),
    users: new SqlUserQueries(usersTable(models.users), replicas.reader),
  });
  return {
    queries: new CachedUserQueries(stored, userCache.cache),
    reader: replicas.reader,
    replicas,
    sharedCache,
    observer: observedByAll([userCache.observer, observer]),
    refresh,
    start: () => {
      const following = userCache.start();
      replicas.start();
      return { stop: async () => void (await Promise.all([following.stop(), replicas.stop()])) };
    },
  };
}

/** Asks whether the read model has been built, and builds it where that is wanted. */
function followReadModel(options: UserReadsOptions): {
  readonly state: ReadModelState;
  readonly refresh: () => Promise<void>;
} {
  const { database, models, buildsReadModel, telemetry, lifecycle } = options;
  const { logger, metrics } = telemetry;
  const state = createReadModelState(database.reader, (change) =>
    logger.info(change === 'ready' ? 'Queries go to the read model' : 'Queries read users: the read model is pending'),
  );
  recordReadModel(state, metrics);
  const build = new ReadModelBuild(database.unitOfWork(bindReadModelWork(models.users, models.usersRead)), {
    onEnd: () => logger.info('Read model built'),
    onFailure: (err) => logger.warn({ err }, 'The read model could not be built'),
  });
  lifecycle.onStop('read model', () => build.stop());
  return {
    state,
    refresh: async () => {
      // When this fails, the first query asks.
      await state.refresh().catch(() => {});
      if (buildsReadModel && !state.isReady) build.start();
    },
  };
}
