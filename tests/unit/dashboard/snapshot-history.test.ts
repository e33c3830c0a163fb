import { describe, expect, it } from '@jest/globals';
import { joinSnapshot } from '../../../src/profiles/dashboard/page/snapshot-history.js';
import { buildCall, buildPoint, buildSnapshot } from './page-fixture.ts';

const seen = joinSnapshot(
  null,
  buildSnapshot({ id: 5, uptimeSeconds: 60, points: [buildPoint(1000), buildPoint(2000)], calls: [buildCall(1)] }),
);

describe('the history on the page', () => {
  it('grows by what a snapshot brings', () => {
    const next = buildSnapshot({ id: 6, uptimeSeconds: 61, points: [buildPoint(3000)], calls: [buildCall(2)] });
    const { snapshot, points, calls } = joinSnapshot(seen, next);
    expect(snapshot).toBe(next);
    expect(points.map(({ at }) => at)).toEqual([1000, 2000, 3000]);
    expect(calls.map(({ number }) => number)).toEqual([1, 2]);
  });

  it('takes nothing twice, when a snapshot says again what is known', () => {
    const again = { ...seen.snapshot, id: 6, points: [buildPoint(2000), buildPoint(3000)], calls: [buildCall(1)] };
    const { points, calls } = joinSnapshot(seen, again);
    expect(points.map(({ at }) => at)).toEqual([1000, 2000, 3000]);
    expect(calls.map(({ number }) => number)).toEqual([1]);
  });

  it('goes on when the age, in whole seconds, makes the start of the process seem to move', () => {
    const next = buildSnapshot({
      id: 6,
      uptimeSeconds: 60,
      at: 999,
      points: [buildPoint(3000)],
      calls: [buildCall(2)],
    });
    expect(joinSnapshot(seen, next).calls.map(({ number }) => number)).toEqual([1, 2]);
  });

  it('keeps five minutes and 50 calls', () => {
    const points = Array.from({ length: 302 }, (_, second) => buildPoint(2000 + second * 1000));
    const calls = Array.from({ length: 60 }, (_, index) => buildCall(index + 1));
    const history = joinSnapshot(seen, buildSnapshot({ id: 6, uptimeSeconds: 400, points, calls }));
    expect(history.points).toHaveLength(300);
    expect(history.points.at(-1)?.at).toBe(303_000);
    expect(history.calls.map(({ number }) => number)).toEqual(calls.slice(10).map(({ number }) => number));
  });

  it.each([
    ['with a smaller id', { id: 2, uptimeSeconds: 2 }],
    ['with a greater id, but a shorter life', { id: 6, uptimeSeconds: 2 }],
    ['of another worker', { id: 6, uptimeSeconds: 61, worker: 2 }],
    ['with a greater id and a longer life that has begun later', { id: 6, uptimeSeconds: 90, at: 100_000 }],
  ])('begins anew at a snapshot %s', (_, overrides) => {
    const { points, calls } = joinSnapshot(seen, buildSnapshot({ ...overrides, points: [buildPoint(500)] }));
    expect(points.map(({ at }) => at)).toEqual([500]);
    expect(calls).toEqual([]);
  });
});
