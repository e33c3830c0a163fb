import { type Sequelize, Transaction } from 'sequelize';

/** A transaction that has begun. Whoever began it ends it, once, by one of the two. */
export interface OpenTransaction {
  readonly transaction: Transaction;
  /**
   * @throws ConnectionGoneError when COMMIT was not even sent; anything else leaves open what became of it, unless the
   *   database itself says so
   */
  commit(): Promise<void>;
  /** Rolls back as far as the connection still allows. Never throws: a connection that cannot is closed, which does. */
  rollback(): Promise<void>;
}

/** How a transaction gets its connection, and gets rid of it. */
export interface TransactionConnections<Connection> {
  borrow(transactionId: string): Promise<Connection>;
  giveBack(connection: Connection): Promise<void> | void;
  /** Closes a connection in a state that nobody knows. */
  discard(connection: Connection): Promise<void> | void;
  isAlive(connection: Connection): boolean;
}

/** The connection was lost before COMMIT was said. */
export class ConnectionGoneError extends Error {
  readonly code = 'PROTOCOL_CONNECTION_LOST';

  constructor() {
    super('The connection was lost before COMMIT.');
    this.name = 'ConnectionGoneError';
  }
}

/** The parts of Sequelize's transaction that its types leave out. */
interface Internals {
  readonly id: string;
  connection?: object & { uuid?: string | undefined };
  readonly finished?: string;
  begin(): Promise<void>;
}

/**
 * Begins a transaction.
 *
 * Not by `sequelize.transaction()`: that runs its commit hooks though COMMIT failed (sequelize#14902), reports the
 * failure to the console, and does not tell whether it was COMMIT that failed.
 */
export async function beginTransaction<Connection extends object>(
  sequelize: Sequelize,
  connections: TransactionConnections<Connection>,
): Promise<OpenTransaction> {
  const transaction = new Transaction(sequelize, {});
  const internals = transaction as unknown as Internals;
  const connection: Connection & { uuid?: string | undefined } = await connections.borrow(internals.id);
  internals.connection = connection;
  connection.uuid = internals.id;

  const release = async (how: 'giveBack' | 'discard'): Promise<void> => {
    // Sequelize has rolled back and given back by itself after a deadlock.
    if (connection.uuid !== internals.id) return;
    await connections[how](connection);
    connection.uuid = undefined;
  };

  try {
    await internals.begin();
  } catch (error) {
    await release('discard');
    throw error;
  }

  const queries = sequelize.getQueryInterface();
  return {
    transaction,
    commit: async () => {
      if (!connections.isAlive(connection)) {
        await release('discard');
        throw new ConnectionGoneError();
      }
      try {
        await queries.commitTransaction(transaction, transactionOptions(transaction));
      } catch (error) {
        await release('discard');
        throw error;
      }
      await release('giveBack');
    },
    rollback: async () => {
      if (internals.finished !== undefined) return await release('discard');
      try {
        await queries.rollbackTransaction(transaction, transactionOptions(transaction));
      } catch {
        return await release('discard');
      }
      await release('giveBack');
    },
  };
}

/** What Sequelize passes on to `query` with COMMIT and ROLLBACK. */
function transactionOptions(transaction: Transaction): object {
  return { transaction };
}
