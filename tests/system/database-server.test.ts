import { access } from 'node:fs/promises';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { type OwnDatabaseServer, ownServers } from '../helpers/database-server.ts';
import { docker } from '../helpers/docker-compose.ts';
import { eventually } from '../helpers/eventually.ts';
import { describeWith } from '../helpers/services.ts';

jest.setTimeout(120_000);

for (const { name, missing, launch } of ownServers) {
  describeWith(missing, `A ${name} of the test's own`, () => {
    let server: OwnDatabaseServer;

    beforeAll(async () => {
      server = await launch();
      await query('CREATE DATABASE test');
      await query('CREATE TABLE test.notes (id INT PRIMARY KEY)');
    });

    afterAll(async () => await server.remove());

    async function query(sql: string): Promise<unknown[]> {
      const connection = await open();
      try {
        const [rows] = await connection.query<RowDataPacket[]>(sql);
        return rows;
      } finally {
        connection.destroy();
      }
    }

    /** Of a frozen server it gets nothing but silence. */
    async function open(connectTimeout = 5_000): Promise<Connection> {
      const connection = await createConnection({ uri: server.url, connectTimeout });
      connection.on('error', () => {});
      return connection;
    }

    it('answers nothing while it is frozen, and all of it when it thaws', async () => {
      const connection = await open();
      await server.freeze();
      let answered = false;
      const answer = connection.query('INSERT INTO test.notes VALUES (1)').then(() => {
        answered = true;
      });
      // The kernel accepts what the server then does not greet.
      await expect(open(500)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
      expect(answered).toBe(false);

      await server.thaw();
      await answer;
      expect(await query('SELECT id FROM test.notes WHERE id = 1')).toEqual([{ id: 1 }]);
      connection.destroy();
    });

    it('has what it acknowledged when it is killed and started again', async () => {
      const connection = await open();
      await connection.query('INSERT INTO test.notes VALUES (2)');
      await connection.query('BEGIN');
      await connection.query('INSERT INTO test.notes VALUES (3)');
      const cut = expect(connection.query('SELECT SLEEP(60)')).rejects.toThrow();
      await server.kill();
      await cut;
      await expectGone();

      await server.start();
      expect(await query('SELECT id FROM test.notes WHERE id IN (2, 3)')).toEqual([{ id: 2 }]);
    });

    it('can be killed and started again when it is frozen', async () => {
      await query('INSERT INTO test.notes VALUES (4)');
      await server.freeze();
      await server.kill();
      await server.start();
      expect(await query('SELECT id FROM test.notes WHERE id = 4')).toEqual([{ id: 4 }]);
    });

    it.each(['running', 'frozen'])('has what it had when it is stopped while %s and started again', async (state) => {
      await query('REPLACE INTO test.notes VALUES (5)');
      if (state === 'frozen') await server.freeze();
      await server.stop();
      await expectGone();
      await server.start();
      expect(await query('SELECT id FROM test.notes WHERE id = 5')).toEqual([{ id: 5 }]);
    });

    it('takes no offence at being killed and stopped when it does not run', async () => {
      await server.kill();
      await server.kill();
      await server.stop();
      await server.start();
    });

    it('leaves nothing behind when it is removed, frozen even', async () => {
      const other = await launch();
      expect(await leftOf(other)).toBe(true);
      await other.freeze();
      await other.remove();
      expect(await leftOf(other)).toBe(false);
      await expectGone(other);
      // The one that stays is none the worse for it.
      expect(await query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    /** That nobody listens at its address. */
    async function expectGone({ url } = server): Promise<void> {
      await eventually(async () => expect(await connectionCode(Number(new URL(url).port))).toBe('ECONNREFUSED'));
    }

    async function connectionCode(port: number): Promise<string | undefined> {
      return await new Promise((resolve) => {
        const socket = connect(port, '127.0.0.1', () => resolve(undefined));
        socket.on('connect', () => socket.destroy()).on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
      });
    }

    /** Whether its folder or its container is there. */
    async function leftOf({ home }: OwnDatabaseServer): Promise<boolean> {
      if (name === 'MySQL') return (await docker('ps', '--all', '--quiet', '--filter', `name=${home}`)) !== '';
      return await access(home).then(
        () => true,
        () => false,
      );
    }
  });
}
