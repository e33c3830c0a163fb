import { translateDatabaseError } from './database-errors.ts';
import type { Statements } from './statements.ts';

/** Where statements outside of transactions get their connections. */
interface StatementConnections<Connection> {
  borrow(): Promise<Connection>;
  giveBack(connection: Connection): void;
  statementsOn(connection: Connection): Statements;
}

/** Statements each of which borrows a connection for itself. */
export function pooledStatements<Connection>(connections: StatementConnections<Connection>): Statements {
  async function borrowing<T>(execute: (statements: Statements) => Promise<T>): Promise<T> {
    const connection = await borrow();
    try {
      return await execute(connections.statementsOn(connection));
    } finally {
      connections.giveBack(connection);
    }
  }

  async function borrow(): Promise<Connection> {
    try {
      return await connections.borrow();
    } catch (error) {
      throw translateDatabaseError(error);
    }
  }

  return {
    all: async (sql, values) => await borrowing((statements) => statements.all(sql, values)),
    run: async (sql, values) => await borrowing((statements) => statements.run(sql, values)),
  };
}
