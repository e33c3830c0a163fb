import { describe, expect, it } from '@jest/globals';
import {
  latencyY,
  roundTop,
  stackOutcomes,
  tableRows,
  traceLatencies,
  xOf,
} from '../../../src/profiles/dashboard/page/chart-geometry.js';
import { buildPoint } from './page-fixture.ts';

/** Two pixels for each of the 300 seconds. */
const frame = { width: 600, height: 100, endAt: 300_000 };

describe('the chart of five minutes', () => {
  it('has its oldest second at the left edge and the end of its newest at the right one', () => {
    expect(xOf(0, frame)).toBe(0);
    expect(xOf(300_000, frame)).toBe(600);
  });

  it.each([
    [0, 5],
    [5, 5],
    [6, 10],
    [11, 25],
    [26, 50],
    [51, 100],
    [101, 250],
  ])('shows a highest second of %d on a scale up to %d', (highest, top) => {
    expect(roundTop(highest)).toBe(top);
  });

  it('stacks the outcomes of a second upon each other, and no fallback among them', () => {
    const point = buildPoint(299_000, { success: 6, failure: 4, fallback: 4 });
    const { top, paths, fallback } = stackOutcomes([point], 'enrichment', frame);
    expect(top).toBe(10);
    expect(paths.success).toMatch(/^M598 100h\S+v-60h/);
    expect(paths.failure).toMatch(/^M598 40h\S+v-40h/);
    expect(paths.timeout).toBe('');
    expect(fallback).toBe('M598 60H600');
  });

  it('leaves a gap in a latency where there were no calls', () => {
    const points = [
      buildPoint(0, { p50Ms: 10_000 }),
      buildPoint(1000, { p50Ms: 0.1 }),
      buildPoint(2000),
      buildPoint(3000, { p50Ms: 0.1 }),
    ];
    expect(traceLatencies(points, 'enrichment', frame).p50Ms).toBe('M0 0H2L2 100H4M6 100H8');
  });

  it('keeps latencies beyond its scale at the edge', () => {
    expect(latencyY(60_000, frame)).toBe(0);
    expect(latencyY(0, frame)).toBe(100);
  });

  it('says in its table the sums of ten seconds and the highest latency, newest first', () => {
    const points = [
      buildPoint(8000, { success: 1, p99Ms: 5 }),
      buildPoint(9000, { success: 2, failure: 1, p99Ms: 7 }),
      buildPoint(10_000, { success: 4 }),
    ];
    expect(tableRows(points, 'enrichment')).toMatchObject([
      { at: 10_000, row: { success: 4, failure: 0, p99Ms: null } },
      { at: 0, row: { success: 3, failure: 1, p99Ms: 7 } },
    ]);
  });
});
