import { QueryTypes, type Sequelize, type Transaction } from 'sequelize';

/** Where the three engines speak differently, and what each says. */
export interface SqlDialect {
  readonly engine: 'mysql' | 'mariadb' | 'sqlite';
  /** Clause for a text column that compares by code point, trailing spaces included. */
  readonly binaryText: string;
  /** Clause for an ASCII column that compares by byte. */
  readonly binaryAscii: string;
  /** Type of a UTC timestamp with milliseconds. */
  readonly timestamp: string;
  /** Clause behind `CREATE TABLE (…)`. */
  readonly tableOptions: string;
  /** Takes the lock that only one migrating process may hold; it belongs to the transaction's connection. */
  lock(sequelize: Sequelize, transaction: Transaction, waitSecondsMax: number): Promise<void>;
  unlock(sequelize: Sequelize, transaction: Transaction): Promise<void>;
}

/** Asks the server which it is: a `mysql://` address may lead to MariaDB. */
export async function detectSqlDialect(sequelize: Sequelize, transaction: Transaction): Promise<SqlDialect> {
  if (sequelize.getDialect() === 'sqlite') return sqlite;
  const [row] = await sequelize.query<{ version: string }>('SELECT VERSION() AS version', {
    type: QueryTypes.SELECT,
    transaction,
  });
  return /mariadb/i.test(row?.version ?? '') ? mariadb : mysql;
}

const sqlite: SqlDialect = {
  engine: 'sqlite',
  binaryText: 'COLLATE BINARY',
  binaryAscii: 'COLLATE BINARY',
  timestamp: 'DATETIME',
  tableOptions: '',
  // BEGIN IMMEDIATE has locked the file already.
  lock: async () => {},
  unlock: async () => {},
};

// `utf8mb4_bin` takes trailing spaces for equal on both; the collations that do not are called differently.
const mysql = server('mysql', 'utf8mb4_0900_bin');
const mariadb = server('mariadb', 'utf8mb4_nopad_bin');

function server(engine: 'mysql' | 'mariadb', collation: string): SqlDialect {
  // Named locks are the server's, not the database's. MySQL allows 64 characters.
  const lockName = "CONCAT('migrate:', LEFT(SHA2(DATABASE(), 256), 32))";
  return {
    engine,
    binaryText: `CHARACTER SET utf8mb4 COLLATE ${collation}`,
    binaryAscii: 'CHARACTER SET ascii COLLATE ascii_bin',
    timestamp: 'DATETIME(3)',
    tableOptions: `ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE ${collation}`,
    lock: async (sequelize, transaction, waitSecondsMax) => {
      const [row] = await sequelize.query<{ locked: number | null }>(`SELECT GET_LOCK(${lockName}, ?) AS locked`, {
        type: QueryTypes.SELECT,
        replacements: [waitSecondsMax],
        transaction,
      });
      if (row?.locked !== 1) throw new Error(`Another process has been migrating for ${waitSecondsMax} s.`);
    },
    unlock: async (sequelize, transaction) => {
      await sequelize.query(`SELECT RELEASE_LOCK(${lockName})`, { type: QueryTypes.SELECT, transaction });
    },
  };
}
