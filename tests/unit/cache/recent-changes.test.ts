import { beforeEach, expect, it } from '@jest/globals';
import { RecentChanges } from '../../../src/platform/cache/recent-changes.ts';
import { VirtualTime } from '../../helpers/virtual-time.ts';

let time: VirtualTime;
let recent: RecentChanges;
beforeEach(() => {
  time = new VirtualTime();
  recent = new RecentChanges(time);
});

it('The last change of a key is known for ten seconds', async () => {
  recent.note('a', 7);
  await time.pass(9_999);
  expect(recent.latestOf('a')).toBe(7);
  expect([6, 7].map((revision) => recent.mayBeOutdated('a', revision))).toEqual([true, false]);
  await time.pass(1);
  expect(recent.latestOf('a')).toBe(0);
  expect(recent.mayBeOutdated('a', 6)).toBe(false);
});

it('The last change of a key is known for as long as it is said', async () => {
  recent = new RecentChanges(time, { windowMs: 60_000 });
  recent.note('a', 7);
  recent.doubt('b');
  await time.pass(59_999);
  expect([recent.latestOf('a'), recent.latestOf('b')]).toEqual([7, Number.POSITIVE_INFINITY]);
  await time.pass(1);
  expect([recent.latestOf('a'), recent.latestOf('b')]).toEqual([0, 0]);
});

it('A change is news once, and never replaces a later one', () => {
  expect([recent.note('a', 7), recent.note('a', 7), recent.note('a', 6), recent.note('a', 8)]).toEqual([
    true,
    false,
    false,
    true,
  ]);
  recent.settle('a', 5);
  expect(recent.latestOf('a')).toBe(8);
});

it('While there may be a write of which nothing is known, every revision may be out of date', async () => {
  recent.doubt('a');
  recent.note('a', 9);
  expect(recent.mayBeOutdated('a', 1_000_000)).toBe(true);
  expect(recent.mayBeOutdated('b', 0)).toBe(false);
  await time.pass(10_000);
  expect(recent.mayBeOutdated('a', 0)).toBe(false);
});

it('A later write of the process ends the doubt, and leaves what was told meanwhile', () => {
  recent.doubt('a');
  recent.note('a', 9);
  recent.settle('a', 8);
  expect(recent.latestOf('a')).toBe(9);
});

it('Changes that were forgotten before their time make every older revision one that may be out of date', async () => {
  for (let seq = 1; seq <= 50_002; seq++) recent.note(`key-${seq}`, seq);
  expect(recent.latestOf('key-2')).toBe(0);
  expect(recent.latestOf('key-3')).toBe(3);
  expect(recent.mayBeOutdated('key-1', 1)).toBe(true);
  expect(recent.mayBeOutdated('key-2', 2)).toBe(false);
  await time.pass(10_000);
  expect(recent.mayBeOutdated('key-1', 1)).toBe(false);
});
