import { Op } from 'sequelize';
import type { DatabaseReader } from '../../platform/database/database-reader.ts';
import type { ChangeListQuery, ChangeQueries, RecordedChange } from './change-journal.ts';
import { toRecordedChange, type UserChangeModel } from './user-change-model.ts';

export class SequelizeChangeQueries implements ChangeQueries {
  readonly #model: UserChangeModel;
  readonly #reader: DatabaseReader;

  constructor(model: UserChangeModel, reader: DatabaseReader) {
    this.#model = model;
    this.#reader = reader;
  }

  async list({ userId, limit, after }: ChangeListQuery): Promise<readonly RecordedChange[]> {
    const rows = await this.#reader.read(() =>
      this.#model.findAll({
        where: { userId, ...(after === undefined ? {} : { seq: { [Op.gt]: after } }) },
        order: [['seq', 'ASC']],
        limit,
      }),
    );
    return rows.map((row) => toRecordedChange(row.get()));
  }
}
