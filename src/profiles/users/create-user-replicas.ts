import {
  createDatabaseReplicas,
  type DatabaseReplicas,
  type DatabaseReplicasOptions,
  type ReplicaConfig,
} from '../../platform/database/database-replicas.ts';
import type { WriteObserver } from '../../platform/http/write-effects.ts';
import { SqlChangeFeed } from '../changes/sql-change-feed.ts';
import { createReplicaProbe } from '../read-model/create-replica-probe.ts';
import type { UserTable } from './sql-user-queries.ts';
import type { UserEffect } from './user-controller.ts';
import type { UserView } from './user-view.ts';

export interface UserReplicas {
  readonly replicas: DatabaseReplicas;
  /** Of this process's writes. */
  readonly observer: WriteObserver<UserEffect>;
}

/** The replicas that users are read from. */
export function createUserReplicas(
  config: ReplicaConfig,
  options: Omit<DatabaseReplicasOptions, 'openFeed' | 'probe'> & { readonly readModel: UserTable<UserView> },
): UserReplicas {
  const replicas = createDatabaseReplicas(config, {
    ...options,
    openFeed: (reader) => new SqlChangeFeed(reader, { hasRowLocks: true }),
    probe: createReplicaProbe(options.readModel),
  });
  return {
    replicas,
    observer: {
      committed: ({ id, revision }) => replicas.written({ key: id, seq: revision }),
      undecided: ({ id }) => replicas.doubt(id),
      met: (id) => replicas.met(id),
    },
  };
}
