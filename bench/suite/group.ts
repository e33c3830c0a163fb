import type { RedisServer } from '../machine/redis-server.ts';
import type { ServerPark } from '../servers/server-park.ts';
import type { Comparison } from './comparison.ts';
import type { Target } from './target.ts';

/** What there is to measure with. */
export interface Scene {
  /** Databases by the number of their users, the smallest first. */
  readonly databases: readonly Rows[];
  /** That of all comparisons that are not about the number of users. */
  readonly usual: Rows;
  readonly servers: ServerPark;
  readonly redis: RedisServer | null;
}

export interface Rows {
  readonly users: number;
  readonly url: string;
}

/** Comparisons that share servers, a table and a chart. */
export interface Group {
  /** Also the name of its chart's file. */
  readonly id: string;
  readonly title: string;
  /** What is measured and how, in Markdown. */
  readonly about: string;
  /** The names of its comparisons, known before anything is started. */
  readonly comparisons: readonly string[];
  /** Starts the servers. */
  prepare(scene: Scene): Promise<Prepared>;
}

export interface Prepared {
  readonly comparisons: readonly Comparison[];
  readonly targets: readonly Target[];
}

/** `label`, with the number of users where that is what differs. */
export function labelled(label: string, { databases }: Scene, { users }: Rows): string {
  return databases.length === 1 ? label : `${label}, ${users.toLocaleString('en')} users`;
}
