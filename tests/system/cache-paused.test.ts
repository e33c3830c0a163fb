import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeOnEachEngine, type TestDatabase } from '../helpers/engines.ts';
import { eventually } from '../helpers/eventually.ts';
import { createUser, type UserBody } from './acceptance/target.ts';
import { type ServiceProcess, startService } from './service-process.ts';

const pauses = 3;
/** Long enough for the writes to be a second old when the process goes on. */
const pausedMs = 2_500;
const readers = 20;

describeOnEachEngine('An instance that was stopped and goes on', (engine) => {
  let database: TestDatabase;
  let one: ServiceProcess;
  let other: ServiceProcess;
  let user: UserBody;

  beforeAll(async () => {
    database = await engine.create();
    one = await startService(database.url);
    other = await startService(database.url);
    for (const service of [one, other]) await service.becomesReady(20_000);
    user = await createUser(one.api);
  }, 60_000);
  afterAll(async () => {
    for (const service of [one, other]) await service?.kill('SIGKILL');
    await database.drop();
  });

  const read = async (service: ServiceProcess) => await service.api.send('GET', `/api/users/${user.id}`);

  it('answers what has waited in its sockets with what others have written meanwhile', async () => {
    const names: string[] = [];
    const right = new Set(
      Array.from({ length: pauses }, (_, index) => `Pause ${index + 1}, expected Pause ${index + 1}`),
    );
    for (let number = 1; number <= pauses; number++) {
      await eventually(async () => expect((await read(one)).headers['x-cache']).toBe('hit'));
      one.signal('SIGSTOP');
      const json = { displayName: `Pause ${number}` };
      expect((await other.api.send('PATCH', `/api/users/${user.id}`, { json })).status).toBe(200);
      const reading = Array.from({ length: readers }, async () => await read(one));
      await pause(pausedMs);
      one.signal('SIGCONT');
      for (const { status, json: answer } of await Promise.all(reading)) {
        if (status === 200) names.push(`${(answer as UserBody).displayName}, expected ${json.displayName}`);
        // So late a loop is one that has too much to do.
        else expect({ status, answer }).toMatchObject({ status: 503, answer: { code: 'overloaded' } });
      }
    }
    expect(names.filter((name) => !right.has(name))).toEqual([]);
    expect(names.length).toBeGreaterThanOrEqual(readers);
    await eventually(async () => expect((await read(one)).headers['x-cache']).toBe('hit'));
  }, 60_000);
});
