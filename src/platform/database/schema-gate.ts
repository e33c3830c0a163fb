import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../telemetry/logger.ts';
import type { DatabaseBreaker } from './database-breaker.ts';
import { DatabaseOverloadedError, DatabaseUnavailableError } from './database-errors.ts';
import type { Migrator } from './migrator.ts';
import type { Database } from './database.ts';

/** @param use `applies`: whether it may change the schema, which may take its time */
export type OpenMigrator = (use: { readonly applies: boolean }) => {
  readonly migrator: Migrator;
  readonly close: () => Promise<void>;
};

const retryMs = 1_000;
/**
 * For so long an answer shows that the database is there. Less than the time that a check of `/ready` is given: of a
 * database that freezes while it is asked, answers from before the question are too old.
 */
const signOfLifeMs = 800;

/** Knows whether the database is there with the schema that this version of the service needs. */
export interface SchemaGate {
  /** Whether it has been found there once. */
  readonly isOpen: boolean;
  /**
   * Waits, saying so in the log, until database and schema are there.
   *
   * @returns whether they are; false when `signal` has aborted
   */
  open(signal: AbortSignal): Promise<boolean>;
  /** For `/ready`. @throws Error with a reason that may be shown to anybody */
  check(): Promise<void>;
  /** Whether the database has just answered others, which may be why `check` waits for its turn. */
  isAnswering(): boolean;
}

/**
 * @param apply whether pending migrations are run here (embedded mode), or somebody else's step (production)
 */
export function createSchemaGate(options: {
  database: Database;
  openMigrator: OpenMigrator;
  breaker: DatabaseBreaker;
  apply: boolean;
  logger: Logger;
}): SchemaGate {
  const { database, openMigrator, breaker, apply, logger } = options;
  let isOpen = false;
  let announced = '';

  async function prepare(migrator: Migrator): Promise<void> {
    if (apply) {
      for (const name of await migrator.up()) logger.info({ migration: name }, 'Migration applied');
    } else {
      const { pending } = await migrator.status();
      if (pending.length > 0) throw new SchemaBehindError(pending);
    }
    isOpen = true;
  }

  async function waitFor(migrator: Migrator, signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      try {
        await prepare(migrator);
        logger.info('Database ready');
        return true;
      } catch (error) {
        const reason = reasonOf(error);
        if (reason !== announced) logger.warn({ err: error, retryMs }, `Waiting for the database: ${reason}`);
        announced = reason;
      }
      await delay(retryMs, undefined, { signal }).catch(() => {});
    }
    return false;
  }

  return {
    get isOpen() {
      return isOpen;
    },
    open: async (signal) => {
      const { migrator, close } = openMigrator({ applies: apply });
      try {
        // A migrator that waits for a silent database is cut off by closing.
        const ended = new Promise<false>((resolve) => {
          signal.addEventListener('abort', () => resolve(false), { once: true });
        });
        return await Promise.race([waitFor(migrator, signal), ended]);
      } finally {
        await close();
      }
    },
    check: async () => {
      if (!isOpen) {
        const reason = announced === '' ? '' : `: ${announced}`;
        throw new Error(`The database or its schema has not been there yet${reason}.`);
      }
      try {
        // Through the breaker: while it is open requests are refused, and when it may be closed again this is a probe.
        await breaker.run(() => database.ping());
      } catch (error) {
        // It is there, and busy. To send nobody here would only make the others as busy.
        if (!(error instanceof DatabaseOverloadedError)) throw error;
      }
    },
    isAnswering: () => isOpen && !breaker.isOpen && performance.now() - database.lastAnswerAt() < signOfLifeMs,
  };
}

class SchemaBehindError extends Error {
  constructor(pending: readonly string[]) {
    super(`migrations are pending (${pending.join(', ')}); run npm run migrate`);
    this.name = 'SchemaBehindError';
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof SchemaBehindError) return error.message;
  return error instanceof DatabaseUnavailableError
    ? 'it cannot be reached'
    : 'its schema could not be brought up to date';
}
