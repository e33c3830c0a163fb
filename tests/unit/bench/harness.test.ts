import { describe, expect, it } from '@jest/globals';
import { readOptions } from '../../../bench/options.ts';
import { selfTimesOf } from '../../../bench/profile/self-times.ts';
import { listPage } from '../../../bench/suite/plans.ts';
import { selectGroups } from '../../../bench/suite/run-suite.ts';
import { benchUser } from '../../../bench/users/bench-users.ts';
import { decodeCursor } from '../../../src/profiles/users/user-cursor.ts';

describe('The options of the benchmark', () => {
  it('measure all, and write it down, unless something else is said', () => {
    expect(readOptions([])).toMatchObject({ rows: [10_000, 100_000, 1_000_000], only: '', write: true, profile: null });
    expect(readOptions(['--quick']).write).toBe(false);
    expect(readOptions(['--only', 'create']).write).toBe(false);
    expect(readOptions(['--rows', '5000']).write).toBe(false);
    expect(readOptions(['--rounds', '2']).write).toBe(false);
    expect(readOptions(['--quick', '--write']).write).toBe(true);
    expect(readOptions(['--rows', '5000,1000,5000', '--rounds', '2'])).toMatchObject({
      rows: [1_000, 5_000],
      pace: { rounds: 2 },
    });
  });

  it.each([
    [['--rows', 'many']],
    [['--rows', '10']],
    [['--rounds', '0']],
    [['--unknown']],
    [['extra']],
  ])('%p are refused', (args) => {
    expect(() => readOptions(args)).toThrow();
  });
});

describe('The comparisons', () => {
  const namesOf = (only: string) => selectGroups(only).flatMap(({ comparisons }) => comparisons);

  it('are those of the name, or else all whose name or group contains it', () => {
    expect(namesOf('create')).toEqual(['Create']);
    expect(namesOf('read miss, 1')).toEqual(['Read miss, 1 connection']);
    expect(namesOf('writes')).toEqual(['Create', 'Update']);
    expect(namesOf('').length).toBeGreaterThan(10);
    expect(() => namesOf('nothing')).toThrow(/Nothing is called nothing.*Read hit/);
  });

  it('of lists begin behind the user before the page, which is never the last', () => {
    const cursorOf = (users: number, page: number) => /cursor=(.*)/.exec(listPage(users, page).plan.path)?.[1];
    expect(cursorOf(100_000, 1)).toBeUndefined();
    expect(decodeCursor(cursorOf(100_000, 1_000) ?? '', 'createdAt').id).toBe(benchUser(19_979).id);
    expect(decodeCursor(cursorOf(10_000, 1_000) ?? '', 'createdAt').id).toBe(benchUser(9_959).id);
  });
});

describe('The self times of a profile', () => {
  const frame = (id: number, functionName: string, url: string) => ({
    id,
    callFrame: { functionName, url, lineNumber: 9 },
  });
  const root = 'file:///work/checkout';

  it('are told by package, by folder and by function, without the time in which nothing was to do', () => {
    const { packages, functions, busyMs } = selfTimesOf({
      nodes: [
        frame(1, '(idle)', ''),
        frame(2, 'get', `${root}/src/profiles/users/user-controller.ts`),
        frame(3, 'query', `${root}/node_modules/sequelize/node_modules/@scope/pool/lib/pool.js`),
        frame(4, 'end', 'node:_http_outgoing'),
        frame(5, '(garbage collector)', ''),
        frame(6, 'post', 'node:inspector'),
      ],
      samples: [1, 2, 3, 2, 4, 5, 6],
      timeDeltas: [9_000, 3_000, 1_000, 3_000, 2_000, 1_000, 5_000],
    });
    expect(busyMs).toBe(10);
    expect(packages).toEqual([
      { name: 'src/profiles/users', share: 0.6 },
      { name: 'Node.js', share: 0.2 },
      { name: '@scope/pool', share: 0.1 },
      { name: 'V8 (garbage collector)', share: 0.1 },
    ]);
    expect(functions[0]).toEqual({ name: 'get  src/profiles/users/user-controller.ts:10', share: 0.6 });
    expect(functions.map(({ name }) => name)).toContain('query  @scope/pool/lib/pool.js:10');
  });
});
