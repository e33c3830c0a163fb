import Joi from 'joi';
import { count, durationMs, parsedBy } from '../config/setting-types.ts';
import type { DatabaseConfig } from './database-config.ts';
import type { ReplicaConfig } from './database-replicas.ts';
import { type DatabaseLocation, parseDatabaseUrl, parseReplicaUrls } from './database-url.ts';

export interface DatabaseSettings {
  DATABASE_URL: DatabaseLocation;
  DATABASE_POOL_MAX: number;
  DATABASE_QUERY_TIMEOUT_MS: number;
  DATABASE_BREAKER_FAILURES: number;
  DATABASE_QUEUE_MAX: number;
  DATABASE_QUEUE_TIMEOUT_MS: number;
}

export interface ReplicaSettings {
  DATABASE_REPLICA_URLS?: readonly DatabaseLocation[];
  REPLICA_LAG_MS_MAX: number;
}

export const databaseKeys = {
  DATABASE_URL: Joi.string()
    .custom(parsedBy(parseDatabaseUrl))
    .required()
    .description('`sqlite:<path>`, `mysql://user:password@host:port/database`, or `mariadb://…`'),
  DATABASE_POOL_MAX: count.default(10).description('Connections to the database at most; one more follows the changes'),
  DATABASE_QUERY_TIMEOUT_MS: durationMs
    .default(3_000)
    .description('How long a query, or a change with all its statements and retries, may take'),
  DATABASE_BREAKER_FAILURES: count
    .default(5)
    .description('Failures in a row after which the database is not asked for two seconds'),
  DATABASE_QUEUE_MAX: count.default(100).description('Reads and changes that may wait for a connection'),
  DATABASE_QUEUE_TIMEOUT_MS: durationMs.default(2_000).description('How long they may wait before they are refused'),
};

export const replicaKeys = {
  DATABASE_REPLICA_URLS: Joi.string()
    .custom(parsedBy((text) => Object.freeze(parseReplicaUrls(text).map((location) => Object.freeze(location)))))
    .description('Copies of the database that answer reads, by comma (`mysql://…,mariadb://…`)'),
  REPLICA_LAG_MS_MAX: durationMs
    .default(5_000)
    .description('A copy that misses a change for longer than this answers no reads until it has caught up'),
};

/** @param settings those that are right by themselves */
export function replicaProblems(settings: Partial<DatabaseSettings & ReplicaSettings>): readonly string[] {
  return settings.DATABASE_REPLICA_URLS !== undefined && settings.DATABASE_URL?.engine === 'sqlite'
    ? ['DATABASE_REPLICA_URLS needs a server in DATABASE_URL: SQLite has no replicas']
    : [];
}

export function toDatabaseConfig(settings: DatabaseSettings): DatabaseConfig {
  return Object.freeze({
    location: Object.freeze(settings.DATABASE_URL),
    poolMax: settings.DATABASE_POOL_MAX,
    queryTimeoutMs: settings.DATABASE_QUERY_TIMEOUT_MS,
    breakerFailures: settings.DATABASE_BREAKER_FAILURES,
    queueMax: settings.DATABASE_QUEUE_MAX,
    queueTimeoutMs: settings.DATABASE_QUEUE_TIMEOUT_MS,
  });
}

export function toReplicaConfig(settings: ReplicaSettings): ReplicaConfig {
  return Object.freeze({
    locations: Object.freeze(settings.DATABASE_REPLICA_URLS ?? []),
    lagMsMax: settings.REPLICA_LAG_MS_MAX,
  });
}
