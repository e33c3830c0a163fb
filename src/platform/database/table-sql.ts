import type { Model, ModelAttributeColumnOptions, ModelStatic } from 'sequelize';
import type { SqlValue } from './statements.ts';

/** The parts of statements on one table. */
export interface TableSql<Row extends object, NewRow extends object> {
  /** The table's name, quoted. */
  readonly table: string;
  /** For SELECT: every column, by its name in `Row`. */
  readonly columns: string;
  /** Inserts a row. */
  readonly insert: string;
  /** Inserts so many rows, each in the place of the one that has its primary key, if there is one. */
  readonly replace: (rows: number) => string;
  /** What the `?` of `insert` stand for, and those of each row of `replace`. */
  readonly insertValues: (row: NewRow) => SqlValue[];
  /** For UPDATE: sets those columns, in the order in which they are named. */
  readonly assignments: (names: readonly (keyof Row & string)[]) => string;
  /**
   * At the end of a SELECT: keeps others from writing and from locking what it finds. Empty on SQLite, which has no row
   * locks and needs none: BEGIN IMMEDIATE has made the transaction the only writer.
   */
  readonly forUpdate: string;
  /** At the end of a SELECT: waits for others who write what it finds, and keeps them from it. */
  readonly forShare: string;
}

/** Takes names of columns from the model, so that the list of them stands there and nowhere else. */
export function tableSql<Row extends object, NewRow extends { readonly [Name in keyof NewRow]: SqlValue }>(
  model: ModelStatic<Model<Row, NewRow>>,
): TableSql<Row, NewRow> {
  const definition: Readonly<Record<string, ModelAttributeColumnOptions>> = model.getAttributes();
  const attributes = Object.entries(definition).map(([name, { field, autoIncrement }]) => ({
    name,
    column: quoted(field ?? name),
    isGiven: autoIncrement !== true,
  }));
  const columnOf = new Map(attributes.map(({ name, column }) => [name, column]));
  const given = attributes.filter(({ isGiven }) => isGiven);
  const givenNames = given.map(({ name }) => name as keyof NewRow);
  const locks = model.sequelize?.getDialect() !== 'sqlite';
  const table = quoted(model.tableName);
  const into = `INTO ${table} (${given.map(({ column }) => column).join(', ')}) VALUES`;
  const values = `(${given.map(() => '?').join(', ')})`;
  return {
    table,
    columns: attributes.map(({ name, column }) => `${column} AS ${quoted(name)}`).join(', '),
    insert: `INSERT ${into} ${values}`,
    replace: (rows) => `REPLACE ${into} ${Array.from({ length: rows }, () => values).join(', ')}`,
    insertValues: (row) => givenNames.map((name) => row[name]),
    assignments: (names) => names.map((name) => `${columnOf.get(name) ?? name} = ?`).join(', '),
    forUpdate: locks ? ' FOR UPDATE' : '',
    forShare: locks ? ' LOCK IN SHARE MODE' : '',
  };
}

/** All three engines take backticks. */
function quoted(name: string): string {
  return `\`${name}\``;
}
