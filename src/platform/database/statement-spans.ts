import { BaseError, type Sequelize } from 'sequelize';
import type { SpanAttributes, Tracing } from '../telemetry/tracing.ts';
import type { ConnectionStatements } from './statements.ts';

/** What Sequelize makes for each statement; its types leave it out. */
type Query = new (...args: never[]) => { run(sql: string, ...rest: unknown[]): Promise<unknown> };

/**
 * Makes a span of each statement, from when it is sent to its answer: the wait for a connection is not in it.
 *
 * Not by `sequelize.query`, which waits for the connection, nor by the hook `afterQuery`, which does not learn of
 * errors. Of the text no more is told than `SELECT users`, because Sequelize writes values into it.
 */
export function traceStatements(sequelize: Sequelize, tracing: Tracing, system: 'mysql' | 'sqlite'): void {
  if (!tracing.enabled) return;
  const { dialect } = sequelize as unknown as { dialect: { Query: Query } };
  dialect.Query = class extends dialect.Query {
    override async run(sql: string, ...rest: unknown[]): Promise<unknown> {
      return await inSpan(tracing, system, sql, () => super.run(sql, ...rest));
    }
  };
}

/** Makes a span of each of `statements`, likewise. */
export function tracedStatements(
  statements: ConnectionStatements,
  tracing: Tracing,
  system: 'mysql' | 'sqlite',
): ConnectionStatements {
  if (!tracing.enabled) return statements;
  return {
    all: async (sql, values) => await inSpan(tracing, system, sql, () => statements.all(sql, values)),
    run: async (sql, values) => await inSpan(tracing, system, sql, () => statements.run(sql, values)),
    control: async (sql) => await inSpan(tracing, system, sql, () => statements.control(sql)),
  };
}

async function inSpan<T>(
  tracing: Tracing,
  system: 'mysql' | 'sqlite',
  sql: string,
  execute: () => Promise<T>,
): Promise<T> {
  const { name, attributes } = describeStatement(sql);
  const span = tracing.startSpan(name, { kind: 'client', attributes: { 'db.system.name': system, ...attributes } });
  try {
    return await execute();
  } catch (error) {
    span.fail(errorTypeOf(error));
    throw error;
  } finally {
    span.end();
  }
}

/** Only what stands before the first quoted value is looked at, and of that only a keyword and the name behind another. */
export function describeStatement(sql: string): { readonly name: string; readonly attributes: SpanAttributes } {
  const operation = /^[A-Z]+/.exec(sql)?.[0];
  if (operation === undefined) return { name: 'OTHER', attributes: { 'db.operation.name': 'OTHER' } };
  if (operation === 'START') return { name: 'BEGIN', attributes: { 'db.operation.name': 'BEGIN' } };
  const table = /^[^'"]*?\b(?:FROM|INTO|UPDATE) +`?(\w+)/.exec(sql)?.[1];
  return {
    name: table === undefined ? operation : `${operation} ${table}`,
    attributes: { 'db.operation.name': operation, 'db.collection.name': table },
  };
}

/** The driver's code, such as `ER_LOCK_DEADLOCK`, or the name of Sequelize's error. */
function errorTypeOf(error: unknown): string {
  const cause = error instanceof BaseError && 'parent' in error ? error.parent : error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return error instanceof BaseError ? error.name : 'unknown';
}
