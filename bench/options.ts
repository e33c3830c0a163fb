import { parseArgs } from 'node:util';
import type { Pace } from './suite/measure.ts';

export interface Options {
  readonly databaseUrl: string | null;
  /** Numbers of users, ascending. */
  readonly rows: readonly number[];
  readonly pace: Pace;
  /** Only comparisons and groups whose name contains this, in any case; empty: all. */
  readonly only: string;
  /** Whether `bench/RESULTS.md` and the charts are written. */
  readonly write: boolean;
  /** Names a comparison whose servers are to be profiled instead of measured. */
  readonly profile: string | null;
}

export const usage = `usage: npm run bench [-- options]
  --quick              a first impression in two minutes, which is not written down
  --write              write bench/RESULTS.md and the charts in spite of --quick, --only, --rows or --rounds
  --rows 10000,100000  numbers of users (10000,100000,1000000)
  --only name          only groups and comparisons whose name contains this
  --rounds n           rounds for each contender
  --database-url url   mysql://user:password@host:port, instead of a server that is started for it; databases
                       profiles_bench_* are made there anew, and deleted
  --profile name       profile the servers in this comparison, and print where their time goes
`;

const full = { rows: '10000,100000,1000000', pace: { rounds: 5, roundMs: 1_500, warmUpMs: 2_000 } };
const quick = { rows: '10000,100000', pace: { rounds: 3, roundMs: 400, warmUpMs: 500 } };

/** @throws Error that says which argument is wrong */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      rows: { type: 'string' },
      only: { type: 'string', default: '' },
      rounds: { type: 'string' },
      'database-url': { type: 'string' },
      profile: { type: 'string' },
    },
  });
  const defaults = values.quick ? quick : full;
  const isFull = !values.quick && values.only === '' && values.rows === undefined && values.rounds === undefined;
  const rounds = values.rounds === undefined ? defaults.pace.rounds : countOf('--rounds', values.rounds, 1);
  const rows = (values.rows ?? defaults.rows).split(',').map((text) => countOf('--rows', text, 1_000));
  return {
    databaseUrl: values['database-url'] ?? null,
    rows: [...new Set(rows)].toSorted((a, b) => a - b),
    pace: { ...defaults.pace, rounds },
    only: values.only,
    write: values.write || isFull,
    profile: values.profile ?? null,
  };
}

function countOf(option: string, text: string, least: number): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < least) throw new Error(`${option} takes whole numbers from ${least} on.`);
  return count;
}
