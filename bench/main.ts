import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLoadProcess } from './load/load-process.ts';
import { openDatabaseServer } from './machine/database-server.ts';
import { machineFacts } from './machine/facts.ts';
import { type Placement, placementHere } from './machine/placement.ts';
import { startRedisServer } from './machine/redis-server.ts';
import { type Options, readOptions, usage } from './options.ts';
import { reportOf } from './report/markdown.ts';
import { writeResults } from './report/write-results.ts';
import { profileComparison } from './profile/profile-comparison.ts';
import { createServerPark } from './servers/server-park.ts';
import type { Rows, Scene } from './suite/group.ts';
import { eachGroup, runSuite, selectGroups } from './suite/run-suite.ts';
import { dropUsers, loadUsers, settle } from './users/load-users.ts';

/** `npm run bench`: what the service can do, beside what Node.js and the database can. */
const print = (text: string): void => void process.stdout.write(text);

/** What has been started, to be ended in reverse, whatever happens. */
const endings: (() => Promise<void>)[] = [];

async function main(options: Options, selected: ReturnType<typeof selectGroups>): Promise<void> {
  const placement = await placementHere();
  print(`${placement.description}\n`);
  const { scene, facts } = await prepare(options, placement);
  const load = startLoadProcess(placement.others);
  endings.push(async () => load.stop());

  if (options.profile !== null) {
    await eachGroup(selected, scene, async ({ comparisons }) => {
      for (const comparison of comparisons) print(await profileComparison(comparison, load));
    });
    return;
  }
  const results = await runSuite(selected, scene, load, options.pace);
  print(`\n${reportOf(results, facts, options.pace, null)}`);
  if (options.write) await writeResults(results, facts, options.pace);
}

async function prepare({ databaseUrl, rows, profile }: Options, placement: Placement) {
  const folder = await mkdtemp(join(tmpdir(), 'profiles-bench-'));
  endings.push(() => rm(folder, { recursive: true, force: true }));
  const opening = openDatabaseServer(databaseUrl, placement.others);
  // Who interrupts the start waits for it, since what is half started cannot be ended.
  endings.push(async () => {
    const [started] = await Promise.allSettled([opening]);
    if (started.status === 'fulfilled') await started.value.stop();
  });
  const server = await opening;
  print(`${server.description}\n`);
  const redis = await startRedisServer(placement.others);
  if (redis === null) print('Redis is not installed: what needs it is left out.\n');
  else endings.push(() => redis.process.stop());
  const databases: Rows[] = [];
  for (const users of rows) {
    endings.push(() => dropUsers(server.url, users));
    databases.push(await loadUsers(server.url, users));
  }
  await settle(server.url);
  const servers = createServerPark(placement, folder, profile !== null);
  endings.push(() => servers.stopAll());

  const usual = databases[Math.floor(databases.length / 2)];
  if (usual === undefined) throw new Error('There is no database.');
  const scene: Scene = { databases, usual, servers, redis };
  const facts = [
    ...(await machineFacts()),
    ['Database', server.description] as const,
    ['Redis', redis?.description ?? 'none'] as const,
    ['Placement', placement.description] as const,
    ['Users', `${usual.users.toLocaleString('en')}, where nothing else is said`] as const,
    ['When', new Date().toISOString().slice(0, 16).replace('T', ' ')] as const,
  ];
  return { scene, facts };
}

/** What cannot be ended, such as a database that Ctrl-C has ended already, keeps nothing else from it. */
async function endEach(): Promise<void> {
  // Others may come while these are ended.
  for (let end = endings.pop(); end !== undefined; end = endings.pop()) {
    await end().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
  }
}

let ending: Promise<void> | undefined;

/** Once, and whoever asks again waits for it: what was interrupted fails, and would leave before the end. */
async function endAll(): Promise<void> {
  ending ??= endEach();
  await ending;
}

let options: Options;
let selected: ReturnType<typeof selectGroups>;
try {
  options = readOptions(process.argv.slice(2));
  selected = selectGroups(options.profile ?? options.only);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : 'Unreadable arguments.'}\n${usage}`);
  process.exit(64); // sysexits.h EX_USAGE
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void endAll().finally(() => process.exit(130)));
}
try {
  await main(options, selected);
} finally {
  await endAll();
}
