import { describe, expect, it } from '@jest/globals';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { eventually } from '../../helpers/eventually.ts';
import type { MysqlCommand } from '../../helpers/mysql-fault-proxy.ts';
import { describeBeforeEachServer } from './proxy-fixture.ts';

describeBeforeEachServer('The fault proxy', (on) => {
  describe('without a fault', () => {
    it('passes rows of every size on, in both directions', async () => {
      for (const [id, length] of [0, 1, 16_383, 65_536, 3_000_000].entries()) {
        const text = 'ü'.repeat(length);
        await on.client.execute('INSERT INTO notes (id, text) VALUES (?, ?)', [id, text]);
        const [rows] = await on.client.execute<RowDataPacket[]>('SELECT text FROM notes WHERE id = ?', [id]);
        expect(rows[0]?.['text'] === text).toBe(true);
      }
    });

    it('passes many rows on', async () => {
      const values = Array.from({ length: 20_000 }, (_, id) => [id, `note ${id}`]);
      await on.client.query('INSERT INTO notes (id, text) VALUES ?', [values]);
      for (const rows of [
        (await on.client.query<RowDataPacket[]>('SELECT id, text FROM notes ORDER BY id'))[0],
        (await on.client.execute<RowDataPacket[]>('SELECT id, text FROM notes ORDER BY id'))[0],
      ]) {
        expect(rows.map(({ id, text }) => [id, text])).toEqual(values);
      }
    });

    it('passes an answer on that has more than one frame', async () => {
      // Each column has less than a packet may have, the row of both more than a frame can carry.
      const [rows] = await on.client.query<RowDataPacket[]>(
        "SELECT REPEAT('a', 9000000) AS a, REPEAT('b', 9000000) AS b",
      );
      expect([rows[0]?.['a'].length, rows[0]?.['b'].length]).toEqual([9_000_000, 9_000_000]);
      expect(await on.ids(on.client)).toEqual([]);
    });

    it('passes the errors of the server on', async () => {
      await on.insert(1);
      await expect(on.insert(1)).rejects.toMatchObject({ code: 'ER_DUP_ENTRY' });
      await expect(on.client.execute('SELECT nothing FROM notes')).rejects.toMatchObject({
        code: 'ER_BAD_FIELD_ERROR',
      });
      expect(await on.ids(on.client)).toEqual([1]);
    });

    it('shows each command to the rule, prepared ones with their text', async () => {
      const commands: MysqlCommand[] = [];
      on.proxy.setFault((command) => {
        commands.push(command);
        return 'pass';
      });
      const sql = 'INSERT INTO notes (id, text) VALUES (?, ?)';
      const other = await on.connect();
      await on.client.query('BEGIN');
      const statement = await on.client.prepare(sql);
      await statement.execute([1, 'first']);
      await statement.execute([2, 'second']);
      await statement.close();
      await on.client.query('COMMIT');
      await other.ping();

      expect(commands).toEqual([
        { connection: 1, index: 0, kind: 'query', sql: 'BEGIN' },
        { connection: 1, index: 1, kind: 'prepare', sql },
        { connection: 1, index: 2, kind: 'execute', sql },
        { connection: 1, index: 3, kind: 'execute', sql },
        { connection: 1, index: 4, kind: 'close', sql },
        { connection: 1, index: 5, kind: 'query', sql: 'COMMIT' },
        { connection: 2, index: 0, kind: 'other', sql: '' },
      ]);
    });

    it('counts the connections that are open, and those that were opened', async () => {
      expect([on.proxy.openConnections, on.proxy.connectionsOpened]).toEqual([1, 1]);
      const other = await on.connect();
      expect([on.proxy.openConnections, on.proxy.connectionsOpened]).toEqual([2, 2]);
      await other.end();
      on.client.destroy();
      await eventually(() => expect([on.proxy.openConnections, on.proxy.connectionsOpened]).toEqual([0, 2]));
    });

    it('tells the server when the client goes', async () => {
      const { threadId } = on.client;
      on.client.destroy();
      await eventually(async () => expect(await on.isHeld(threadId)).toBe(false));
    });

    it('tells the client when the server goes', async () => {
      const begun = on.faultAt(/SLEEP/, 'pass');
      const sleeping = expect(on.client.query('SELECT SLEEP(60)')).rejects.toThrow();
      await begun;
      await on.direct.query(`KILL ${on.client.threadId}`);
      await sleeping;
      await eventually(() => expect(on.proxy.openConnections).toBe(0));
    });
  });

  it('refuses a client that asks for TLS or compression', async () => {
    const compressing = createConnection({ uri: on.proxy.url(on.databaseUrl), compress: true });
    await expect(compressing).rejects.toMatchObject({ message: expect.stringContaining('neither TLS nor') });
  });

  it('throws what a rule has thrown when it is closed', async () => {
    on.proxy.setFault(() => {
      throw new Error('A mistake in the rule');
    });
    await expect(on.client.query('SELECT 1')).rejects.toMatchObject({ fatal: true });
    await expect(on.proxy.close()).rejects.toThrow('A mistake in the rule');
    await on.startAgain();
  });

  it('knows only the addresses of its server', () => {
    expect(new URL(on.proxy.url(`${new URL('/other', on.databaseUrl).href}?a=b`)).href).toBe(
      `mysql://root@127.0.0.1:${on.proxy.port}/other?a=b`,
    );
    expect(() => on.proxy.url('mysql://root@127.0.0.1:1/other')).toThrow('not behind this proxy');
  });
});
