import { Op, type Order, type WhereOptions } from 'sequelize';
import type { DatabaseReader } from '../../platform/database/database-reader.ts';
import { prefixEnd } from './text-keys.ts';
import type { User } from './user.ts';
import { toUser, type UserModel, type UserRow } from './user-model.ts';
import type { UserListQuery, UserQueries, UserSort } from './user-queries.ts';

const sortColumns = {
  createdAt: { column: 'createdAt', descending: false },
  '-createdAt': { column: 'createdAt', descending: true },
  name: { column: 'nameKey', descending: false },
  '-name': { column: 'nameKey', descending: true },
} as const satisfies Record<UserSort, { column: keyof UserRow; descending: boolean }>;

export class SequelizeUserQueries implements UserQueries {
  readonly #model: UserModel;

  readonly #reader: DatabaseReader;

  constructor(model: UserModel, reader: DatabaseReader) {
    this.#model = model;
    this.#reader = reader;
  }

  async find(id: string): Promise<User | null> {
    const row = await this.#reader.read(() => this.#model.findByPk(id, { raw: true }));
    return row === null ? null : toUser(row as unknown as UserRow);
  }

  async list(query: UserListQuery): Promise<readonly User[]> {
    const { column, descending } = sortColumns[query.sort];
    const direction = descending ? 'DESC' : 'ASC';
    const order: Order = [
      [column, direction],
      ['id', direction],
    ];
    const where = [
      ...(query.emailKey === undefined ? [] : [{ emailKey: query.emailKey }]),
      ...(query.prefix === undefined ? [] : [startsWith(query.prefix)]),
      ...(query.after === undefined ? [] : [behind(query.after, column, descending)]),
    ];
    const rows = await this.#reader.read(() =>
      this.#model.findAll({ where: { [Op.and]: where }, order, limit: query.limit, raw: true }),
    );
    return (rows as unknown as UserRow[]).map(toUser);
  }
}

/** A range rather than LIKE: `%` and `_` are ordinary characters, and every engine uses the index. */
function startsWith(prefix: string): WhereOptions<UserRow> {
  const end = prefixEnd(prefix);
  const range = { [Op.gte]: prefix, ...(end === null ? {} : { [Op.lt]: end }) };
  return { [Op.or]: [{ nameKey: range }, { displayNameKey: range }, { emailSearchKey: range }] };
}

/** `(key, id) > (…)`, spelled so that the first term alone bounds the index range. */
function behind(
  after: NonNullable<UserListQuery['after']>,
  column: 'createdAt' | 'nameKey',
  descending: boolean,
): WhereOptions<UserRow> {
  const key = column === 'createdAt' ? new Date(after.key) : after.key;
  const [beyond, notBefore] = descending ? [Op.lt, Op.lte] : [Op.gt, Op.gte];
  return {
    [column]: { [notBefore]: key },
    [Op.or]: [{ [column]: { [beyond]: key } }, { id: { [beyond]: after.id } }],
  };
}
