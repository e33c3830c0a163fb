import { DataTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize';
import type { RecordedChange } from './change-journal.ts';
import type { ChangeKind, UserChange } from './user-change.ts';

/** A row of `user_changes`. */
export interface UserChangeRow {
  /** Given by the database. */
  seq: number;
  changeId: string;
  userId: string;
  version: number;
  kind: ChangeKind;
  /** A JSON array of names. */
  fields: string;
  changedAt: Date;
  requestId: string;
}

type NewUserChangeRow = Omit<UserChangeRow, 'seq'>;

export type UserChangeModel = ModelStatic<Model<UserChangeRow, NewUserChangeRow>>;

/** The `user_changes` table for Sequelize; the migration says what it really is. */
export function defineUserChangeModel(sequelize: Sequelize): UserChangeModel {
  return sequelize.define<Model<UserChangeRow, NewUserChangeRow>>('user_changes', {
    seq: { type: DataTypes.BIGINT, primaryKey: true, autoIncrement: true },
    changeId: { type: DataTypes.STRING(36), allowNull: false },
    userId: { type: DataTypes.STRING(64), allowNull: false },
    version: { type: DataTypes.INTEGER, allowNull: false },
    kind: { type: DataTypes.STRING(16), allowNull: false },
    fields: { type: DataTypes.TEXT, allowNull: false },
    changedAt: { type: DataTypes.DATE(3), allowNull: false },
    requestId: { type: DataTypes.STRING(128), allowNull: false },
  });
}

export function toChangeRow({ id, fields, ...change }: UserChange): NewUserChangeRow {
  return {
    changeId: id,
    userId: change.userId,
    version: change.version,
    kind: change.kind,
    fields: JSON.stringify(fields),
    changedAt: change.changedAt,
    requestId: change.requestId,
  };
}

export function toRecordedChange(row: UserChangeRow): RecordedChange {
  const fields: UserChange['fields'] = JSON.parse(row.fields);
  return {
    seq: row.seq,
    id: row.changeId,
    userId: row.userId,
    version: row.version,
    kind: row.kind,
    fields,
    changedAt: row.changedAt,
    requestId: row.requestId,
  };
}
