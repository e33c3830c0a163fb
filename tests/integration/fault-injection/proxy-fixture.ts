import { afterEach, beforeEach, expect, jest } from '@jest/globals';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { type Engine, engines, type TestDatabase } from '../../helpers/engines.ts';
import { type Fault, type MysqlFaultProxy, startMysqlFaultProxy } from '../../helpers/mysql-fault-proxy.ts';
import { describeWith } from '../../helpers/services.ts';

/** An empty table of notes behind a proxy, new for each test. */
export interface ProxyFixture {
  readonly proxy: MysqlFaultProxy;
  readonly databaseUrl: string;
  /** The first connection through the proxy. */
  readonly client: Connection;
  /** A connection past the proxy. */
  readonly direct: Connection;
  /** Opens another one through the proxy. */
  connect(options?: { connectTimeout?: number }): Promise<Connection>;
  /** Puts another proxy in the place of one that was closed. */
  startAgain(): Promise<void>;
  /** Adds a note by a prepared statement, through the proxy unless told otherwise. */
  insert(id: number, through?: Connection): Promise<void>;
  /** The notes that are there, past the proxy unless told otherwise. */
  ids(through?: Connection): Promise<number[]>;
  /** Whether the server holds the connection with this id. */
  isHeld(threadId: number): Promise<boolean>;
  /** Makes `fault` of the commands with this text, once they are carried out. @returns resolves with the first of them */
  faultAt(pattern: RegExp, fault: Fault): Promise<void>;
}

/** Runs the same tests before each server; one that is not there is skipped by name, or fails in CI. */
export function describeBeforeEachServer(name: string, tests: (fixture: ProxyFixture) => void): void {
  for (const engine of engines.filter(({ name }) => name !== 'SQLite')) {
    describeWith(engine.missing, `${name} before ${engine.name}`, () => tests(createFixture(engine)));
  }
}

function createFixture(engine: Engine): ProxyFixture {
  let database: TestDatabase;
  let proxy: MysqlFaultProxy;
  let direct: Connection;
  let client: Connection;
  const clients: Connection[] = [];
  /** mysql2 writes to it when a packet has another sequence id than it expects, and goes on. */
  const complaints = jest.spyOn(console, 'error');

  const connect: ProxyFixture['connect'] = async (options) => {
    const connection = await createConnection({ uri: proxy.url(database.url), ...options });
    // A connection that is cut while it is idle says so to nobody in particular.
    connection.on('error', () => {});
    clients.push(connection);
    return connection;
  };

  beforeEach(async () => {
    complaints.mockClear();
    database = await engine.create();
    proxy = await startMysqlFaultProxy(database.url);
    direct = await createConnection({ uri: database.url });
    await direct.query('CREATE TABLE notes (id INT PRIMARY KEY, text LONGTEXT)');
    client = await connect();
  });

  afterEach(async () => {
    for (const connection of clients.splice(0)) connection.destroy();
    await proxy.close();
    await direct.end();
    await database.drop();
    expect(complaints).not.toHaveBeenCalled();
  });

  return {
    get proxy() {
      return proxy;
    },
    get databaseUrl() {
      return database.url;
    },
    get client() {
      return client;
    },
    get direct() {
      return direct;
    },
    connect,
    startAgain: async () => {
      proxy = await startMysqlFaultProxy(database.url);
    },
    insert: async (id, through = client) => {
      await through.execute('INSERT INTO notes (id, text) VALUES (?, ?)', [id, 'note']);
    },
    ids: async (through = direct) => {
      const [rows] = await through.query<RowDataPacket[]>('SELECT id FROM notes ORDER BY id');
      return rows.map(({ id }) => Number(id));
    },
    isHeld: async (threadId) => {
      const [rows] = await direct.query<RowDataPacket[]>('SHOW PROCESSLIST');
      return rows.some((row) => Number(row['Id']) === threadId);
    },
    faultAt: async (pattern, fault) =>
      await new Promise<void>((resolve) => {
        proxy.setFault(({ kind, sql }) => {
          if (kind === 'prepare' || !pattern.test(sql)) return 'pass';
          resolve();
          return fault;
        });
      }),
  };
}
