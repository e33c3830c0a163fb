import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { isDate, isUint8Array } from 'node:util/types';

/** Values for `?`, in order, or for `$name`, by name with its prefix. */
export type BindValues = readonly unknown[] | Readonly<Record<string, unknown>>;

/** A column's value: blobs are Buffers, and integers that a number cannot hold are decimal strings, as with mysql2. */
export type ColumnValue = null | number | string | Buffer;

export type Row = Record<string, ColumnValue>;

/** A row whose timestamps are Dates. */
export type DatedRow = Record<string, ColumnValue | Date>;

/**
 * The arguments by which `node:sqlite` takes `values`.
 * @throws TypeError for a value of no SQL type
 */
export function toBindArguments(
  values: BindValues,
): [named: Record<string, SQLInputValue>, ...positional: SQLInputValue[]] {
  if (Array.isArray(values)) return [{}, ...values.map(toSql)];
  return [Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toSql(value)]))];
}

/** A row of `node:sqlite` (read with `readBigInts`) as an ordinary object. */
export function toRow(columns: Record<string, SQLOutputValue>): Row {
  const row: Row = {};
  for (const name in columns) row[name] = fromSql(columns[name]);
  return row;
}

/** The same, with the columns `dates` as Dates. */
export function toDatedRow(columns: Record<string, SQLOutputValue>, dates: readonly string[]): DatedRow {
  const row: DatedRow = toRow(columns);
  for (const name of dates) {
    const text = row[name];
    if (typeof text === 'string') row[name] = new Date(text);
  }
  return row;
}

export function fromInteger(value: bigint | number): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function toSql(value: unknown): SQLInputValue {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' || typeof value === 'bigint' || isUint8Array(value)) return value;
  // node:sqlite binds every number as a REAL, which a TEXT column would keep as '5.0'.
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  // As Sequelize writes a DATE, so that it compares with what models have stored.
  if (isDate(value)) return value.toISOString().replace('T', ' ').replace('Z', ' +00:00');
  throw new TypeError(`A value of type ${typeof value} cannot be bound to an SQL parameter.`);
}

function fromSql(value: SQLOutputValue | undefined): ColumnValue {
  if (typeof value === 'bigint') return fromInteger(value);
  if (isUint8Array(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return value ?? null;
}
