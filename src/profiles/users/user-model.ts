import { DataTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize';
import { emailKey, searchKey } from './text-keys.ts';
import type { JsonObject, User } from './user.ts';

/** A row of `users`. */
export interface UserRow {
  id: string;
  name: string;
  nameKey: string;
  email: string;
  emailKey: string;
  emailSearchKey: string;
  phone: string | null;
  displayName: string | null;
  displayNameKey: string | null;
  /** JSON text: MySQL's own JSON type would sort keys and change numbers. */
  metadata: string;
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

export type UserModel = ModelStatic<Model<UserRow, UserRow>>;

/** The `users` table for Sequelize; the migration says what it really is. */
export function defineUserModel(sequelize: Sequelize): UserModel {
  return sequelize.define<Model<UserRow, UserRow>>('users', {
    id: { type: DataTypes.STRING(64), primaryKey: true },
    name: { type: DataTypes.STRING(255), allowNull: false },
    nameKey: { type: DataTypes.STRING(255), allowNull: false },
    email: { type: DataTypes.STRING(254), allowNull: false },
    emailKey: { type: DataTypes.STRING(254), allowNull: false },
    emailSearchKey: { type: DataTypes.STRING(255), allowNull: false },
    phone: { type: DataTypes.STRING(16), allowNull: true },
    displayName: { type: DataTypes.STRING(255), allowNull: true },
    displayNameKey: { type: DataTypes.STRING(255), allowNull: true },
    metadata: { type: DataTypes.TEXT, allowNull: false },
    version: { type: DataTypes.INTEGER, allowNull: false },
    createdAt: { type: DataTypes.DATE(3), allowNull: false },
    updatedAt: { type: DataTypes.DATE(3), allowNull: false },
  });
}

export function toRow(user: User): UserRow {
  const key = emailKey(user.email);
  if (key === null) throw new Error('A user with an e-mail address that has no key cannot be stored.');
  return {
    id: user.id,
    name: user.name,
    nameKey: searchKey(user.name),
    email: user.email,
    emailKey: key,
    emailSearchKey: searchKey(user.email),
    phone: user.phone,
    displayName: user.displayName,
    displayNameKey: user.displayName === null ? null : searchKey(user.displayName),
    metadata: JSON.stringify(user.metadata),
    version: user.version,
    createdAt: user.createdAt,
    updatedAt: user.updatedAt,
  };
}

export function toUser(row: UserRow): User {
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    phone: row.phone,
    displayName: row.displayName,
    metadata: JSON.parse(row.metadata) as JsonObject,
    version: row.version,
    createdAt: new Date(row.createdAt),
    updatedAt: new Date(row.updatedAt),
  };
}
