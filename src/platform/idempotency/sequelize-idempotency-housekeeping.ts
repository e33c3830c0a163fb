import { Op, QueryTypes, type Sequelize, Transaction } from 'sequelize';
import { translatingErrors } from '../database/database-errors.ts';
import type { IdempotencyModel } from './idempotency-model.ts';
import type { IdempotencyHousekeeping } from './idempotency-store.ts';

export class SequelizeIdempotencyHousekeeping implements IdempotencyHousekeeping {
  readonly #sequelize: Sequelize;
  readonly #model: IdempotencyModel;

  constructor(sequelize: Sequelize, model: IdempotencyModel) {
    this.#sequelize = sequelize;
    this.#model = model;
  }

  async deleteExpired(now: Date, limit: number): Promise<number> {
    return await translatingErrors(async () => {
      // A plain read locks nothing; a DELETE by expiry would lock, and wait for, the first row that lives.
      const rows = await this.#model.findAll({
        attributes: ['id'],
        where: { expiresAt: { [Op.lte]: now } },
        order: [['expiresAt', 'ASC']],
        limit,
      });
      const ids = rows.map((row) => row.get().id);
      return ids.length === 0 ? 0 : await this.#deleteStillExpired(ids, now);
    });
  }

  async fingerprintInFlight(id: string): Promise<string | null> {
    if (this.#sequelize.getDialect() === 'sqlite') return null;
    const isolationLevel = Transaction.ISOLATION_LEVELS.READ_UNCOMMITTED;
    return await translatingErrors(() =>
      this.#sequelize.transaction({ isolationLevel }, async (transaction) => {
        // With an answer it may be an expired one, which the other is only about to replace.
        const row = await this.#model.findOne({ where: { id, status: null }, transaction });
        return row?.get().fingerprint ?? null;
      }),
    );
  }

  /** By the primary key, whatever the optimizer thinks of it: on a small table it would lock, and wait for, all rows. */
  async #deleteStillExpired(ids: readonly string[], now: Date): Promise<number> {
    if (this.#sequelize.getDialect() === 'sqlite') {
      return await this.#model.destroy({ where: { id: [...ids], expiresAt: { [Op.lte]: now } } });
    }
    return await this.#sequelize.query(
      'DELETE k FROM idempotency_keys AS k FORCE INDEX (PRIMARY) WHERE k.id IN (?) AND k.expires_at <= ?',
      { type: QueryTypes.BULKDELETE, replacements: [ids, now] },
    );
  }
}
