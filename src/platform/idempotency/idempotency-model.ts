import { DataTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize';

/** A row of `idempotency_keys`; the three parts of the answer are null until it is known, in the same transaction. */
export interface IdempotencyRow {
  id: string;
  fingerprint: string;
  status: number | null;
  /** JSON text. */
  headers: string | null;
  body: string | null;
  createdAt: Date;
  expiresAt: Date;
}

export type IdempotencyModel = ModelStatic<Model<IdempotencyRow, IdempotencyRow>>;

/** The `idempotency_keys` table for Sequelize; the migration says what it really is. */
export function defineIdempotencyModel(sequelize: Sequelize): IdempotencyModel {
  return sequelize.define<Model<IdempotencyRow, IdempotencyRow>>('idempotency_keys', {
    id: { type: DataTypes.STRING(64), primaryKey: true },
    fingerprint: { type: DataTypes.STRING(64), allowNull: false },
    status: { type: DataTypes.INTEGER, allowNull: true },
    headers: { type: DataTypes.TEXT, allowNull: true },
    body: { type: DataTypes.TEXT('medium'), allowNull: true },
    createdAt: { type: DataTypes.DATE(3), allowNull: false },
    expiresAt: { type: DataTypes.DATE(3), allowNull: false },
  });
}
