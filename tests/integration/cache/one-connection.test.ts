import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { buildUserBody } from '../../helpers/build-user.ts';
import { engines, type TestDatabase } from '../../helpers/engines.ts';
import { eventually } from '../../helpers/eventually.ts';
import { queryDatabase } from '../../helpers/query-database.ts';
import { describeWith } from '../../helpers/services.ts';
import { type RunningProfiles, startProfilesOn } from '../../helpers/start-profiles.ts';

/** Within which others see what was written. */
const othersSeeMs = 1_000;
const writes = 10;

for (const engine of engines.filter(({ name }) => name === 'MariaDB')) {
  describeWith(engine.missing, `An instance that ${engine.name} allows one connection`, () => {
    const account = `narrow_${Math.random().toString(36).slice(2, 10)}`;
    let database: TestDatabase;
    let one: RunningProfiles;
    let other: RunningProfiles;

    beforeAll(async () => {
      database = await engine.create();
      const { pathname } = new URL(database.url);
      await queryDatabase(database.url, `CREATE USER '${account}'@'%' IDENTIFIED BY 'secret'`);
      await queryDatabase(database.url, `GRANT ALL ON ${pathname.slice(1)}.* TO '${account}'@'%'`);
      const narrowUrl = Object.assign(new URL(database.url), { username: account, password: 'secret' }).href;
      other = await startProfilesOn(database.url);
      one = await startProfilesOn(narrowUrl, { DATABASE_POOL_MAX: '1' });
      await queryDatabase(database.url, `ALTER USER '${account}'@'%' WITH MAX_USER_CONNECTIONS 1`);
    }, 60_000);
    afterAll(async () => {
      await one?.stop();
      await other?.stop();
      await queryDatabase(database.url, `DROP USER '${account}'@'%'`);
      await database.drop();
    });

    const connections = async (): Promise<readonly number[]> => {
      const rows = await queryDatabase(database.url, 'SELECT id FROM information_schema.processlist WHERE user = ?', [
        account,
      ]);
      return rows.map((row) => Number(row['id']));
    };

    it('learns of what others have written by the way of the requests', async () => {
      const id = 'narrow';
      const created = await fetch(`${other.url}/api/users`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ ...buildUserBody(), id }),
      });
      expect(created.status).toBe(201);
      // Of those that connect anew, the request is the first.
      await eventually(async () => {
        for (const connection of await connections()) await queryDatabase(database.url, `KILL ${connection}`);
        expect((await fetch(`${one.url}/api/users`)).status).toBe(200);
      });

      for (let number = 1; number <= writes; number++) {
        const written = await fetch(`${other.url}/api/users/${id}`, {
          method: 'PATCH',
          headers: { 'Content-Type': 'application/merge-patch+json' },
          body: JSON.stringify({ displayName: `Name ${number}` }),
        });
        expect(written.status).toBe(200);
        await eventually(
          async () => {
            const answer = await fetch(`${one.url}/api/users/${id}`);
            expect(await answer.json()).toMatchObject({ displayName: `Name ${number}` });
          },
          { timeoutMs: othersSeeMs },
        );
        await eventually(async () => {
          expect((await fetch(`${one.url}/api/users/${id}`)).headers.get('x-cache')).toBe('hit');
        });
      }
      expect(await connections()).toHaveLength(1);
    }, 60_000);
  });
}
