// Creates the users of a CSV file, a few at a time:
//
//   npm run import -- examples/users.csv http://localhost:8080
//
// Every user has an id in the file. So the API may go away and come back in the middle, and so may this program: run
// again, it finds what it has created before, and creates the rest.
import { readFile } from 'node:fs/promises';
// In a program of your own: 'resilient-profile-api/client'.
import {
  createProfileClient,
  type NewUser,
  type ProblemCode,
  type ProfileClient,
  ProfileProblem,
  ProfileUnreachableError,
} from '../src/client/index.ts';
import { parseCsv } from './csv.ts';
import { createProgressBar } from './progress-bar.ts';

const atOnce = 4;
/** How long the API may be away. */
const patienceMs = 300_000;
/** What is wrong with one user. At anything else there is nothing to go on with. */
const refusals = new Set<ProblemCode>(['validation-failed', 'user-id-taken', 'email-taken', 'body-too-large']);

interface Tally {
  created: number;
  /** There already, from a run before. */
  found: number;
  /** The ids of rows that are no users, each with the reason. */
  readonly refused: string[];
}

const [file, baseUrl = 'http://localhost:8080'] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write('Usage: npm run import -- FILE.csv [http://localhost:8080]\n');
  process.exitCode = 2;
} else {
  try {
    await importFile(file, createProfileClient({ baseUrl, deadlineMs: patienceMs, retriesMax: 1_000 }));
  } catch (error) {
    const canGoOn = error instanceof ProfileProblem || error instanceof ProfileUnreachableError;
    process.stderr.write(canGoOn ? `\n${String(error)} Run this again to go on.\n` : `${String(error)}\n`);
    process.exitCode = 1;
  }
}

async function importFile(file: string, client: ProfileClient): Promise<void> {
  const users = parseCsv(await readFile(file, 'utf8')).map(userOf);
  const { created, found, refused } = await createAll(users, client);
  process.stdout.write(`${created} created, ${found} there already, ${refused.length} refused\n`);
  for (const refusal of refused) process.stdout.write(`${refusal}\n`);
  if (refused.length > 0) process.exitCode = 1;
}

function userOf(record: Record<string, string>): NewUser & { id: string } {
  const fieldOf = (column: string): string => {
    const field = record[column];
    if (field === undefined) throw new SyntaxError(`There is no column ${column}.`);
    return field;
  };
  return { id: fieldOf('id'), name: fieldOf('name'), email: fieldOf('email'), phone: record['phone'] || null };
}

async function createAll(users: readonly (NewUser & { id: string })[], client: ProfileClient): Promise<Tally> {
  const tally: Tally = { created: 0, found: 0, refused: [] };
  const showProgress = createProgressBar(users.length, process.stderr);
  showProgress(0);
  const queue = users.values();
  const ending = new AbortController();
  const work = async (): Promise<void> => {
    for (const user of queue) {
      await createOne(user, client, tally, ending.signal);
      showProgress(tally.created + tally.found + tally.refused.length);
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, work));
  } finally {
    ending.abort();
  }
  return tally;
}

async function createOne(
  user: NewUser & { id: string },
  client: ProfileClient,
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  try {
    const { isNew } = await client.create(user, { signal });
    tally[isNew ? 'created' : 'found'] += 1;
  } catch (error) {
    if (!(error instanceof ProfileProblem && refusals.has(error.code))) throw error;
    const violations = error.violations.map(({ pointer, detail }) => ` ${pointer} ${detail}`);
    tally.refused.push(`${user.id}: ${[error.message, ...violations].join(';')}`);
  }
}
