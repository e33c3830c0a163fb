import type { Deadline } from '../resilience/deadline.ts';
import type { ConnectionStatements, Statements } from './statements.ts';
import { TransactionStatements } from './transaction-statements.ts';

/** A transaction that has begun. Whoever began it ends it, once, by one of the two. */
export interface OpenTransaction {
  /** On the transaction's connection. */
  readonly statements: Statements;
  /**
   * @throws ConnectionGoneError when COMMIT was not even sent, since the connection was lost or it is too late; anything else leaves open what became of it, unless the
   *   database itself says so
   */
  commit(): Promise<void>;
  /** Rolls back as far as the connection still allows. Never throws: a connection that cannot is closed, which does. */
  rollback(): Promise<void>;
  /** Rolls back by closing the connection, which leads to a server that is of no use. */
  discard(): void;
}

/** A connection that belongs to one transaction until it is given back or discarded. */
interface TransactionConnection {
  readonly statements: ConnectionStatements;
  readonly isAlive: boolean;
  giveBack(): void;
  /** Closes a connection in a state that nobody knows. */
  discard(): void;
}

/** The connection was lost, or given up, before COMMIT was said: nothing was changed. */
export class ConnectionGoneError extends Error {
  readonly code = 'PROTOCOL_CONNECTION_LOST';

  constructor(message: string) {
    super(message);
    this.name = 'ConnectionGoneError';
  }
}

/**
 * Begins a transaction.
 *
 * Not by `sequelize.transaction()`: that runs its commit hooks though COMMIT failed (sequelize#14902), reports the
 * failure to the console, does not tell whether it was COMMIT that failed, and takes longer over BEGIN and COMMIT than
 * the database does.
 *
 * @param options.begin how the engine says it
 * @param options.deadline after which it is not committed any more. A process that has stood still comes here before the
 *   timer that would cut the connection, and others do not wait for the change's number any more
 */
export async function beginTransaction(
  connection: TransactionConnection,
  { begin, deadline }: { readonly begin: string; readonly deadline: Deadline },
): Promise<OpenTransaction> {
  const { statements } = connection;
  try {
    await statements.control(begin);
  } catch (error) {
    connection.discard();
    throw error;
  }
  const own = new TransactionStatements(statements);
  return {
    statements: own,
    commit: async () => {
      own.end();
      const isTooLate = deadline.remainingMs() === 0;
      if (isTooLate || !connection.isAlive) {
        connection.discard();
        throw new ConnectionGoneError(
          isTooLate ? 'The deadline has passed before COMMIT.' : 'The connection was lost before COMMIT.',
        );
      }
      try {
        await statements.control('COMMIT');
      } catch (error) {
        connection.discard();
        throw error;
      }
      connection.giveBack();
    },
    rollback: async () => {
      own.end();
      try {
        await statements.control('ROLLBACK');
      } catch {
        connection.discard();
        return;
      }
      connection.giveBack();
    },
    discard: () => {
      own.end();
      connection.discard();
    },
  };
}
