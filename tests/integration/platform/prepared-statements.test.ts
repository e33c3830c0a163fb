import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import mysql, { type Connection } from 'mysql2';
import { mysqlStatements } from '../../../src/platform/database/mysql-statements.ts';
import type { ConnectionStatements } from '../../../src/platform/database/statements.ts';
import { type OwnDatabaseServer, ownServers } from '../../helpers/database-server.ts';
import { describeWith } from '../../helpers/services.ts';

const at = new Date('2030-01-02T03:04:05.678Z');
const table = 'things.things';
const insert = `INSERT INTO ${table} (name, note, size, made_at) VALUES (?, ?, ?, ?)`;
const select = `SELECT id, name, note, size, made_at AS madeAt, id + 1 AS next FROM ${table} WHERE made_at >= ? ORDER BY id LIMIT ?`;

for (const kind of ownServers) {
  describeWith(kind.missing, `A statement that ${kind.name} cannot execute as it was prepared`, () => {
    let server: OwnDatabaseServer;
    let admin: Connection;
    let connection: Connection;
    let statements: ConnectionStatements;

    const ask = async (sql: string): Promise<unknown> => (await admin.promise().query(sql))[0];
    const allow = async (count: number): Promise<void> =>
      void (await ask(`SET GLOBAL max_prepared_stmt_count = ${count}`));
    const prepared = async (): Promise<number> => {
      const [row] = (await ask("SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'")) as { Value: string }[];
      return Number(row?.Value);
    };

    beforeAll(async () => {
      server = await kind.launch();
      admin = mysql.createConnection({ uri: server.url });
      await ask('CREATE DATABASE things CHARACTER SET utf8mb4');
    }, 90_000);
    afterAll(async () => {
      admin?.destroy();
      await server?.remove();
    });
    beforeEach(async () => {
      await ask(`CREATE TABLE ${table} (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40), note TEXT, size INT,
        made_at DATETIME(3))`);
      connection = mysql.createConnection({ uri: server.url, timezone: '+00:00', charset: 'UTF8MB4_BIN' });
      statements = mysqlStatements(connection);
    });
    afterEach(async () => {
      connection.destroy();
      await allow(16_382);
      await ask(`DROP TABLE ${table}`);
    });

    it('since others have prepared too many, is sent as text, and comes to the same values', async () => {
      const odd = "😀 é \\ ' ? :a \u0000 ";
      const rows = [
        ['one', odd, 2 ** 31 - 1, at],
        ['two', null, -1, new Date(at.getTime() + 1)],
      ] as const;
      const written = [];
      for (const row of rows) written.push(await statements.run(insert, row));
      const read = await statements.all(select, [at, 10]);
      connection.unprepare(insert);
      connection.unprepare(select);
      await allow(0);

      expect(await statements.all(select, [at, 10])).toEqual(read);
      await statements.control('START TRANSACTION');
      const writtenAsText = [];
      for (const row of rows) writtenAsText.push(await statements.run(insert, row));
      await statements.control('COMMIT');
      expect(writtenAsText.map(({ affectedRows }) => affectedRows)).toEqual([1, 1]);
      expect(writtenAsText.map(({ insertId }) => insertId)).toEqual(
        written.map(({ insertId }) => insertId + rows.length),
      );
      await allow(16_382);
      const all = await statements.all<{ id: number; next: number }>(select, [at, 10]);
      const withoutIds = all.map(({ id: _id, next: _next, ...rest }) => rest);
      expect(withoutIds.slice(2)).toEqual(withoutIds.slice(0, 2));
      expect(await prepared()).toBe(1);
    });

    it('since it has not got it any more, is executed once, and prepared anew the next time', async () => {
      await statements.run(insert, ['one', null, 1, at]);
      await new Promise<void>((resolve, reject) => {
        connection.prepare(insert, (error, statement) => {
          if (error !== null) return reject(error);
          // The server's; the connection goes on to believe in it.
          statement.close();
          resolve();
        });
      });
      for (const name of ['two', 'three']) {
        expect(await statements.run(insert, [name, null, 1, at])).toMatchObject({ affectedRows: 1 });
      }
      expect(await statements.all(select, [at, 10])).toHaveLength(3);
      expect(await prepared()).toBe(2);
    });
  });
}
