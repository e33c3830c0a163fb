import { describe, expect, it } from '@jest/globals';
import { createConnection } from 'mysql2/promise';
import { eventually } from '../../helpers/eventually.ts';
import { startMysqlFaultProxy } from '../../helpers/mysql-fault-proxy.ts';
import { describeBeforeEachServer } from './proxy-fixture.ts';

describeBeforeEachServer('The fault proxy', (on) => {
  describe('that cuts', () => {
    it.each(['reset', 'end'] as const)('COMMIT off before it, by %s, leaves no row', async (cutWith) => {
      await using cutting = await proxyThat(cutWith);
      await cutting.client.query('BEGIN');
      await on.insert(1, cutting.client);
      cutting.proxy.setFault(({ sql }) => (sql === 'COMMIT' ? 'cut-before' : 'pass'));
      await expect(cutting.client.query('COMMIT')).rejects.toMatchObject({ code: lost[cutWith], fatal: true });
      // The server undoes it when it hears of the end, and holds the row's lock till then.
      await eventually(async () => expect(await on.isHeld(cutting.client.threadId)).toBe(false));
      expect(await on.ids()).toEqual([]);
      expect(cutting.proxy.openConnections).toBe(0);
    });

    it.each(['reset', 'end'] as const)('COMMIT off after it, by %s, leaves the row', async (cutWith) => {
      await using cutting = await proxyThat(cutWith);
      await cutting.client.query('BEGIN');
      await on.insert(1, cutting.client);
      cutting.proxy.setFault(({ sql }) => (sql === 'COMMIT' ? 'cut-after' : 'pass'));
      await expect(cutting.client.query('COMMIT')).rejects.toMatchObject({ code: lost[cutWith], fatal: true });
      expect(await on.ids()).toEqual([1]);
      expect(cutting.proxy.openConnections).toBe(0);
    });

    it.each([
      ['cut-before', []],
      ['cut-after', [1]],
    ] as const)('a prepared INSERT, %s, leaves %j', async (fault, left) => {
      void on.faultAt(/^INSERT/, fault);
      await expect(on.insert(1)).rejects.toMatchObject({ fatal: true });
      expect(await on.ids()).toEqual(left);
    });

    it('takes only the connection of the command, and leaves the port open', async () => {
      const other = await on.connect();
      void on.faultAt(/^INSERT/, 'cut-before');
      await expect(on.insert(1)).rejects.toMatchObject({ fatal: true });
      expect(await on.ids(other)).toEqual([]);
      on.proxy.setFault(null);
      await on.insert(1, await on.connect());
      expect(on.proxy.openConnections).toBe(2);
    });

    it('all at once takes idle and waiting ones', async () => {
      const idle = await on.connect();
      const begun = on.faultAt(/SLEEP/, 'pass');
      const sleeping = expect(on.client.query('SELECT SLEEP(60)')).rejects.toMatchObject({ fatal: true });
      await begun;
      on.proxy.cutAll();
      await sleeping;
      await expect(idle.query('SELECT 1')).rejects.toThrow();
      expect(on.proxy.openConnections).toBe(0);
      expect(await on.ids(await on.connect())).toEqual([]);
    });

    const lost = { reset: 'ECONNRESET', end: 'PROTOCOL_CONNECTION_LOST' };

    async function proxyThat(cutWith: 'reset' | 'end') {
      const proxy = await startMysqlFaultProxy(on.databaseUrl, { cutWith });
      const client = await createConnection({ uri: proxy.url(on.databaseUrl) });
      return { proxy, client, [Symbol.asyncDispose]: () => proxy.close() };
    }
  });

  describe('that answers with an error', () => {
    it('after 1213 has undone the transaction, and the connection goes on', async () => {
      await on.client.query('BEGIN');
      await on.insert(1);
      void on.faultAt(/^INSERT/, { error: 1213 });
      await expect(on.insert(2)).rejects.toMatchObject({ code: 'ER_LOCK_DEADLOCK', errno: 1213, sqlState: '40001' });
      on.proxy.setFault(null);
      expect(await on.ids(on.client)).toEqual([]);
      // What follows is outside of any transaction.
      await on.insert(3);
      expect(await on.ids()).toEqual([3]);
      await on.client.query('ROLLBACK');
      expect(await on.ids()).toEqual([3]);
    });

    it('after 1205 has kept the transaction without the statement', async () => {
      await on.client.query('BEGIN');
      await on.insert(1);
      void on.faultAt(/^INSERT/, { error: 1205 });
      await expect(on.insert(2)).rejects.toMatchObject({
        code: 'ER_LOCK_WAIT_TIMEOUT',
        errno: 1205,
        sqlState: 'HY000',
      });
      on.proxy.setFault(null);
      expect(await on.ids(on.client)).toEqual([1]);
      expect(await on.ids()).toEqual([]);
      await on.client.query('COMMIT');
      expect(await on.ids()).toEqual([1]);
    });

    it.each([1213, 1205, 1040])('%i may come at a query, a prepare and an execute alike', async (error) => {
      for (const kind of ['query', 'prepare', 'execute']) {
        on.proxy.setFault((command) => (command.kind === kind ? { error } : 'pass'));
        const statement = kind === 'query' ? on.client.query('SELECT 1') : on.client.execute(`SELECT '${kind}'`);
        await expect(statement).rejects.toMatchObject({ errno: error });
      }
      on.proxy.setFault(null);
      await on.insert(1);
      expect(await on.ids(on.client)).toEqual([1]);
    });

    it('comes after a command of more than one frame under the right sequence id', async () => {
      void on.faultAt(/^SELECT 'xxx/, { error: 1205 });
      await expect(on.client.query(`SELECT '${'x'.repeat(17_000_000)}'`)).rejects.toMatchObject({ errno: 1205 });
      expect(await on.ids(on.client)).toEqual([]);
    });

    it('gives none to a command that has no answer', async () => {
      const statement = await on.client.prepare('SELECT 1 AS one');
      on.proxy.setFault(({ kind }) => (kind === 'close' ? { error: 1205 } : 'pass'));
      await statement.close();
      expect(await on.ids(on.client)).toEqual([]);
    });
  });
});
