import { DataTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize';
import { toUser, type UserRow } from '../users/user-model.ts';
import { viewOf } from '../users/user-view.ts';

/** A row of `users_read`: a view, and what it is found and ordered by. */
export interface UserReadRow {
  id: string;
  revision: number;
  version: number;
  emailKey: string;
  nameKey: string;
  displayNameKey: string | null;
  emailSearchKey: string;
  createdAt: Date;
  body: string;
}

export type UsersReadModel = ModelStatic<Model<UserReadRow, UserReadRow>>;

/** The `users_read` table for Sequelize; the migration says what it really is. */
export function defineUsersReadModel(sequelize: Sequelize): UsersReadModel {
  return sequelize.define<Model<UserReadRow, UserReadRow>>('users_read', {
    id: { type: DataTypes.STRING(64), primaryKey: true },
    revision: { type: DataTypes.BIGINT, allowNull: false },
    version: { type: DataTypes.INTEGER, allowNull: false },
    emailKey: { type: DataTypes.STRING(254), allowNull: false },
    nameKey: { type: DataTypes.STRING(255), allowNull: false },
    displayNameKey: { type: DataTypes.STRING(255), allowNull: true },
    emailSearchKey: { type: DataTypes.STRING(255), allowNull: false },
    createdAt: { type: DataTypes.DATE(3), allowNull: false },
    body: { type: DataTypes.TEXT, allowNull: false },
  });
}

/** What `users_read` has to say of a row of `users`. */
export function toReadRow(row: UserRow, revision: number): UserReadRow {
  const { id, version, emailKey, nameKey, displayNameKey, emailSearchKey, createdAt } = row;
  const { body } = viewOf(toUser(row), revision);
  return { id, revision, version, emailKey, nameKey, displayNameKey, emailSearchKey, createdAt, body };
}

const comparedColumns = [
  ['revision', 'revision'],
  ['version', 'version'],
  ['emailKey', 'email_key'],
  ['nameKey', 'name_key'],
  ['displayNameKey', 'display_name_key'],
  ['emailSearchKey', 'email_search_key'],
  ['createdAt', 'created_at'],
  ['body', 'body'],
] as const satisfies readonly (readonly [keyof UserReadRow, string])[];

/** In which columns two rows of one user differ, by the names that the database has for them. */
export function differingColumns(a: UserReadRow, b: UserReadRow): readonly string[] {
  return comparedColumns.filter(([name]) => comparable(a[name]) !== comparable(b[name])).map(([, column]) => column);
}

function comparable(value: UserReadRow[keyof UserReadRow]): string | number | null {
  return value instanceof Date ? value.getTime() : value;
}
