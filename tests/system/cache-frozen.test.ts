import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type OwnDatabaseServer, ownServers } from '../helpers/database-server.ts';
import { eventually } from '../helpers/eventually.ts';
import { describeWith } from '../helpers/services.ts';
import type { HttpAnswer, HttpClient } from './acceptance/http-client.ts';
import { createUser, tally, type UserBody } from './acceptance/target.ts';
import { createDatabase, type ServiceProcess, startService } from './service-process.ts';

const frozenMs = 8_000;
/** Within which others see what was written. */
const othersSeeMs = 1_000;
const watchedMs = 8_000;

for (const { name, missing, launch } of ownServers) {
  describeWith(missing, `Two instances and a ${name} that is frozen`, () => {
    let server: OwnDatabaseServer;
    let services: readonly ServiceProcess[];
    let one: HttpClient;
    let other: HttpClient;
    let users: readonly UserBody[];

    beforeAll(async () => {
      server = await launch();
      const databaseUrl = await createDatabase(server.url);
      services = [await startService(databaseUrl), await startService(databaseUrl)];
      for (const service of services) await service.becomesReady(20_000);
      [one, other] = services.map(({ api }) => api) as [HttpClient, HttpClient];
      users = await Promise.all(Array.from({ length: 10 }, () => createUser(one)));
      for (const api of [one, other]) {
        await eventually(async () => {
          const answers = await Promise.all(users.map(({ id }) => api.send('GET', `/api/users/${id}`)));
          expect(tally(answers.map(({ headers }) => String(headers['x-cache'])))).toEqual({ hit: users.length });
        });
      }
    }, 120_000);

    afterAll(async () => {
      for (const service of services) await service.kill('SIGKILL');
      await server.remove();
    });

    it('go on answering the profiles that they have, and a second after a change none of them is out of date', async () => {
      await server.freeze();
      const frozen = await readFor(frozenMs, one, users);
      expect(tally(frozen.map(({ status }) => status))).toEqual({ 200: frozen.length });
      expect(tally(frozen.map(({ headers }) => String(headers['x-cache'])))).toEqual({ hit: frozen.length });
      expect(Math.max(...frozen.map(({ durationMs }) => durationMs))).toBeLessThan(1_000);
      expect((await one.send('GET', '/api/users')).status).toBe(503);
      await server.thaw();

      const written: { readonly id: string; readonly version: number; readonly at: number }[] = [];
      const stale: string[] = [];
      const endsAt = performance.now() + watchedMs;
      const write = async (): Promise<void> => {
        for (let number = 0; performance.now() < endsAt; number++) {
          const id = String(users[number % users.length]?.id);
          const answer = await other.send('PATCH', `/api/users/${id}`, { json: { displayName: `${number}` } });
          // Its breaker may not know yet that the database is back.
          if (answer.status === 200) written.push({ id, version: versionIn(answer), at: performance.now() });
          await pause(20);
        }
      };
      const read = async (): Promise<void> => {
        while (performance.now() < endsAt) {
          for (const { id } of users) {
            const startedAt = performance.now();
            const due = written
              .filter((each) => each.id === id && startedAt - each.at > othersSeeMs)
              .reduce((greatest, { version }) => Math.max(greatest, version), 1);
            const answer = await one.send('GET', `/api/users/${id}`);
            // What has changed is not in memory any more, and the reader's breaker may not know yet either.
            if (answer.status === 200 && versionIn(answer) < due) stale.push(`${versionIn(answer)} instead of ${due}`);
          }
        }
      };
      await Promise.all([write(), read()]);

      process.stderr.write(`Cache, ${name} frozen: ${frozen.length} hits, ${written.length} writes after it\n`);
      expect(stale).toEqual([]);
      expect(written.length).toBeGreaterThan(20);
      const last = await Promise.all(users.map(({ id }) => one.send('GET', `/api/users/${id}`)));
      expect(tally(last.map(({ status }) => status))).toEqual({ 200: users.length });
    }, 60_000);
  });
}

async function readFor(ms: number, api: HttpClient, users: readonly UserBody[]): Promise<HttpAnswer[]> {
  const answers: HttpAnswer[] = [];
  for (const endsAt = performance.now() + ms; performance.now() < endsAt; await pause(20)) {
    for (const { id } of users) answers.push(await api.send('GET', `/api/users/${id}`));
  }
  return answers;
}

function versionIn({ json }: HttpAnswer): number {
  return (json as UserBody).version;
}
