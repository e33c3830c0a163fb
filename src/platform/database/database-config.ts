import type { DatabaseLocation } from './database-url.ts';

export interface DatabaseConfig {
  readonly location: DatabaseLocation;
  /** Connections at most. */
  readonly poolMax: number;
  /** How long a query, or a unit of work with its retries, may take. */
  readonly queryTimeoutMs: number;
  /** Failures in a row that open the breaker around the database. */
  readonly breakerFailures: number;
  /** How much work may wait for a connection, and for how long, before more of it is refused. */
  readonly queueMax: number;
  readonly queueTimeoutMs: number;
}
