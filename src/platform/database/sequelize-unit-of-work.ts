import { setTimeout as delay } from 'node:timers/promises';
import type { Sequelize, Transaction } from 'sequelize';
import { TransientTransactionError, translatingErrors } from './database-errors.ts';
import type { UnitOfWork } from './unit-of-work.ts';

const attemptsMax = 8;
/** A conflict may have taken seconds to show (a lock-wait timeout), and somebody waits for the answer. */
const retryWithinMs = 3_000;
const backoffFirstMs = 5;
const backoffMaxMs = 200;

/**
 * Units of work on Sequelize transactions; `bind` makes the repositories for one of them.
 *
 * The isolation level (READ COMMITTED) and SQLite's BEGIN IMMEDIATE are settings of the connection, see `sequelize.ts`.
 */
export function createSequelizeUnitOfWork<Repositories>(
  sequelize: Sequelize,
  bind: (transaction: Transaction) => Repositories,
): UnitOfWork<Repositories> {
  return {
    run: async (work) => {
      const startedAt = performance.now();
      for (let attempt = 1; ; attempt++) {
        try {
          return await translatingErrors(() => sequelize.transaction((transaction) => work(bind(transaction))));
        } catch (error) {
          const isLast = attempt === attemptsMax || performance.now() - startedAt > retryWithinMs;
          if (!(error instanceof TransientTransactionError) || isLast) throw error;
          await delay(fullJitterMs(attempt));
        }
      }
    },
  };
}

/**
 * Full jitter: anything from nothing to the exponential bound, so that those who collided spread out.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
function fullJitterMs(attempt: number): number {
  return Math.random() * Math.min(backoffMaxMs, backoffFirstMs * 2 ** attempt);
}
