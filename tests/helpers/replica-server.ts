import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { launchMariadb, type OwnDatabaseServer } from './database-server.ts';
import { eventually } from './eventually.ts';

/** A MariaDB and a replica of it, each a server of the test's own, and what a test may do with the two. */
export interface ReplicatedServers {
  /** Of accounts that may do everything with the database `profiles` and nothing else: the replica is read-only to them. */
  readonly primaryUrl: string;
  readonly replicaUrl: string;
  readonly primary: OwnDatabaseServer;
  readonly replica: OwnDatabaseServer;
  /** The replica goes on being told what happens, and does nothing of it until `resume`. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Makes the primary read-only, which closes none of its connections, and the replica one that takes changes. */
  promoteReplica(): Promise<void>;
  /** Waits until the replica has done all that the primary has. */
  catchUp(): Promise<void>;
  /** The statements that the service sends to a server from now on, until the returned function is called. */
  listen(server: OwnDatabaseServer): Promise<() => Promise<readonly string[]>>;
  remove(): Promise<void>;
}

const account = { user: 'service', password: 'service' };
/** Row by row and by GTID, as it is run in earnest. */
const options = (serverId: number): string[] => [
  `--server-id=${serverId}`,
  `--log-bin=binlog`,
  '--log-slave-updates=1',
  '--binlog-format=ROW',
  '--slave-net-timeout=5',
];

export async function launchReplicatedServers(): Promise<ReplicatedServers> {
  const primary = await launchMariadb(options(1));
  let replica: OwnDatabaseServer;
  try {
    replica = await launchMariadb([...options(2), '--read-only=1']);
  } catch (error) {
    await primary.remove();
    throw error;
  }
  const remove = async (): Promise<void> => {
    await Promise.all([replica.remove(), primary.remove()]);
  };
  try {
    await replicate(primary, replica);
    return { ...operations(primary, replica), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function replicate(primary: OwnDatabaseServer, replica: OwnDatabaseServer): Promise<void> {
  const { port } = new URL(primary.url);
  await ask(
    replica,
    `CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=${port}, MASTER_USER='replication',
    MASTER_PASSWORD='replication', MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1`,
  );
  await ask(replica, 'START SLAVE');
  // Which the replica is told, too.
  await ask(primary, `CREATE USER replication@'127.0.0.1' IDENTIFIED BY 'replication'`);
  await ask(primary, `GRANT REPLICATION SLAVE ON *.* TO replication@'127.0.0.1'`);
  await ask(primary, 'CREATE DATABASE profiles');
  await ask(primary, `CREATE USER ${account.user}@'127.0.0.1' IDENTIFIED BY '${account.password}'`);
  await ask(primary, `GRANT ALL ON profiles.* TO ${account.user}@'127.0.0.1'`);
}

function operations(primary: OwnDatabaseServer, replica: OwnDatabaseServer): Omit<ReplicatedServers, 'remove'> {
  const catchUp = async (): Promise<void> =>
    await eventually(
      async () => {
        const [done] = await ask(primary, 'SELECT @@gtid_binlog_pos AS position');
        const [applied] = await ask(replica, 'SELECT @@gtid_slave_pos AS position');
        if (applied?.['position'] !== done?.['position']) throw new Error('The replica has not caught up.');
      },
      { timeoutMs: 30_000 },
    );
  return {
    primary,
    replica,
    primaryUrl: serviceUrl(primary),
    replicaUrl: serviceUrl(replica),
    pause: async () => void (await ask(replica, 'STOP SLAVE SQL_THREAD')),
    resume: async () => void (await ask(replica, 'START SLAVE')),
    promoteReplica: async () => {
      await ask(primary, 'SET GLOBAL read_only = 1');
      await catchUp();
      await ask(replica, 'STOP SLAVE');
      await ask(replica, 'SET GLOBAL read_only = 0');
    },
    catchUp,
    listen: async (server) => {
      await ask(server, 'SET GLOBAL general_log = 0');
      await ask(server, 'TRUNCATE mysql.general_log');
      await ask(server, "SET GLOBAL log_output = 'TABLE'");
      await ask(server, 'SET GLOBAL general_log = 1');
      return async () => {
        await ask(server, 'SET GLOBAL general_log = 0');
        const rows = await ask(
          server,
          `SELECT CONVERT(argument USING utf8mb4) AS text FROM mysql.general_log
           WHERE command_type IN ('Query', 'Execute') AND user_host LIKE '${account.user}[%'`,
        );
        return rows.map((row) => String(row['text']));
      };
    },
  };
}

function serviceUrl(server: OwnDatabaseServer): string {
  return `mysql://${account.user}:${account.password}@127.0.0.1:${new URL(server.url).port}/profiles`;
}

async function ask(server: OwnDatabaseServer, sql: string): Promise<RowDataPacket[]> {
  const connection: Connection = await createConnection({ uri: server.url, connectTimeout: 5_000 });
  try {
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    return rows;
  } finally {
    connection.destroy();
  }
}
