import { systemClock } from '../../../src/platform/clock.ts';
import type { Engine } from '../../helpers/engines.ts';
import {
  type Fault,
  type MysqlCommand,
  type MysqlFaultProxy,
  startMysqlFaultProxy,
} from '../../helpers/mysql-fault-proxy.ts';
import { openSequelizeStore, type SequelizeStore, type SequelizeStoreOptions } from '../../helpers/profiles-store.ts';
import { UserUseCases } from '../../helpers/user-use-cases.ts';

/** The use cases behind a proxy of their own, which every connection goes through. */
export interface Scene {
  readonly proxy: MysqlFaultProxy;
  readonly store: SequelizeStore;
  readonly users: UserUseCases;
}

/** Runs a test on connections that are new, through a proxy of its own to the database of `truth`. */
export async function behindProxy(
  truth: SequelizeStore,
  engine: Engine,
  test: (scene: Scene) => Promise<void>,
  options: SequelizeStoreOptions = {},
): Promise<void> {
  // Not by a reset: that is an error of Node.js's own, and no instance of the `Error` that Jest gives to the sources. The
  // system tests reset the connections of a real process.
  const proxy = await startMysqlFaultProxy(truth.url, { cutWith: 'end' });
  const via = (url: string): Promise<string> => Promise.resolve(proxy.url(url));
  const sameDatabase = { ...engine, create: () => Promise.resolve({ url: truth.url, drop: () => Promise.resolve() }) };
  const store = await openSequelizeStore(sameDatabase, { ...options, via });
  try {
    await test({ proxy, store, users: new UserUseCases(store.unitOfWork, store.queries, systemClock) });
  } finally {
    await store.close();
    await proxy.close();
  }
}

/** A command without its values. */
export function nameOf({ kind, sql }: MysqlCommand): string {
  return `${kind} ${sql.replaceAll(/'[^']*'/g, '?')}`;
}

/** Whether it is one of the settings of a new session rather than of a transaction. */
export function isOfSession({ sql }: MysqlCommand): boolean {
  return sql.startsWith('SET SESSION');
}

/** Makes `fault` of the commands of that name, the first `times`. @returns how often that happened */
export function failAt(
  proxy: MysqlFaultProxy,
  isMeant: (name: string) => boolean,
  fault: Fault,
  times = Number.POSITIVE_INFINITY,
): () => number {
  let hits = 0;
  proxy.setFault((command) => {
    if (hits >= times || !isMeant(nameOf(command))) return 'pass';
    hits += 1;
    return fault;
  });
  return () => hits;
}
