import { describe, expect, it } from '@jest/globals';
import { barChart } from '../../../bench/report/chart.ts';
import { formatSpread, reportOf, table } from '../../../bench/report/markdown.ts';
import { spreadOf } from '../../../bench/statistics.ts';
import type { ComparisonResult, Measurement } from '../../../bench/suite/comparison.ts';
import { evaluate, type Target } from '../../../bench/suite/target.ts';

const even = (median: number) => ({ median, min: median, max: median });

const measurement = (label: string, requestsPerSecond: number, p99Ms: number): Measurement => ({
  label,
  requestsPerSecond: even(requestsPerSecond),
  p50Ms: even(1),
  p99Ms: even(p99Ms),
  cpuUsPerRequest: null,
  serverCpu: 0.5,
  loadCpu: 0.25,
  residentMiB: null,
  ratio: label === 'ours' ? { to: 'bare', value: requestsPerSecond / 1_000, min: 0.7, max: 0.8 } : null,
});

const results: readonly ComparisonResult[] = [
  { name: 'Read hit', measurements: [measurement('bare', 1_000, 2), measurement('ours', 750, 3)], problems: [] },
];
/** The same figures from wrong answers. */
const wrong = results.map(({ name, measurements }) => ({ name, measurements, problems: ['ours: wrong'] }));
const target: Target = {
  title: 'Read hit',
  comparison: 'Read hit',
  of: 'ours',
  over: 'bare',
  metric: 'requests/s',
  bound: { least: 0.7 },
};

describe('A spread', () => {
  it('is the median between the least and the greatest, in any order of the rounds', () => {
    expect(spreadOf([5, 1, 9])).toEqual({ median: 5, min: 1, max: 9 });
    expect(spreadOf([4])).toEqual({ median: 4, min: 4, max: 4 });
    expect(spreadOf([1, 2, 3, 4]).median).toBe(3);
    expect(() => spreadOf([])).toThrow('nothing');
    expect(formatSpread({ median: 12_345.6, min: 1, max: 20_000 }, 0)).toBe('12,346 (1–20,000)');
  });
});

describe('A target', () => {
  it('is met from its bound on', () => {
    expect(evaluate(target, results)).toMatchObject({ value: 0.75, isMet: true });
    expect(evaluate({ ...target, bound: { least: 0.75 } }, results)).toMatchObject({ isMet: true });
    expect(evaluate({ ...target, bound: { least: 0.76 } }, results)).toMatchObject({ isMet: false });
  });

  it('of latency is met up to its bound', () => {
    const latency = { ...target, metric: 'p99' } as const;
    expect(evaluate({ ...latency, bound: { most: 1.5 } }, results)).toMatchObject({ value: 1.5, isMet: true });
    expect(evaluate({ ...latency, bound: { most: 1.3 } }, results)).toMatchObject({ isMet: false });
  });

  it('is not met when answers were wrong, however fast they were', () => {
    expect(evaluate(target, wrong)).toMatchObject({ value: 0.75, isMet: false, isAnswered: false });
  });

  it('is left out when one of the two was not measured', () => {
    expect(evaluate({ ...target, over: 'bare, 10 users' }, results)).toBeNull();
    expect(evaluate({ ...target, comparison: 'Create' }, results)).toBeNull();
  });
});

describe('The report', () => {
  const group = { id: 'memory', title: 'Reads', about: 'About.', comparisons: ['Read hit'], prepare: () => never() };
  const never = () => Promise.reject(new Error('Nothing is prepared here.'));
  const pace = { rounds: 3, roundMs: 1_500, warmUpMs: 500 };
  const targets = [evaluate(target, results)].flatMap((result) => result ?? []);

  it('says ratios, targets and whether they are met', () => {
    const report = reportOf(
      [{ group, comparisons: results, targets }],
      [['Processor', 'A|B']],
      pace,
      () => 'reads.svg',
    );
    expect(report).toContain(
      '| ours | 750 (750–750) | 0.75 (0.70–0.80) | 1.00 (1.00–1.00) | 3.00 (3.00–3.00) | – | 0.50 | 0.25 | – |',
    );
    expect(report).toContain('| Read hit | requests/s | ≥ 0.70 | 0.75 | ✓ |');
    expect(report).toContain('Read hit: target ≥ 0.70: **0.75** ✓');
    expect(report).toContain('![Reads: requests per second](reads.svg)');
    expect(report).toContain('| Processor | A\\|B |');
  });

  it('names answers that were not as expected', () => {
    const odd = [{ name: 'Read hit', measurements: [], problems: ['ours: X-Cache is miss instead of hit'] }];
    const report = reportOf([{ group, comparisons: odd, targets: [] }], [], pace, null);
    expect(report).toContain('- Read hit: ours: X-Cache is miss instead of hit');
    expect(report).not.toContain('## Targets');
  });

  it('says of a target with wrong answers why it is not met', () => {
    const missed = [evaluate(target, wrong)].flatMap((result) => result ?? []);
    const report = reportOf([{ group, comparisons: wrong, targets: missed }], [], pace, null);
    expect(report).toContain('| Read hit | requests/s | ≥ 0.70 | 0.75 | ✗ answers not as expected |');
  });

  it.each([
    [0.9, 0.89, true],
    [0.89, 0.5, false],
    [1, 0.9, false],
    [1, null, false],
  ])('with %d of a core for the load and %p for the server: bounded by the load is %p', (loadCpu, serverCpu, isBound) => {
    const measurements = [{ ...measurement('bare', 1_000, 2), loadCpu, serverCpu }];
    const report = reportOf(
      [{ group, comparisons: [{ name: 'Read hit', measurements, problems: [] }], targets: [] }],
      [],
      pace,
      null,
    );
    expect(report.includes('- Read hit: bare: bounded by the load, not the server')).toBe(isBound);
  });

  it('has tables with as many cells in every row', () => {
    expect(table(['a', 'b'], ['---', '---:'], [['x|y', 'two\nlines']])).toBe(
      '| a | b |\n| --- | ---: |\n| x\\|y | two lines |',
    );
  });
});

describe('A chart', () => {
  const bar = {
    label: 'bare <http>',
    value: { median: 50, min: 40, max: 100 },
    remark: '',
    isMain: false,
    target: null,
  };
  const main = { label: 'ours', value: even(25), remark: '× 0.50', isMain: true, target: 75 };
  const chart = barChart('Reads & more', 'requests per second', [{ title: 'Read hit', bars: [bar, main] }]);

  it('draws all values of a group on one scale, with the target in it', () => {
    const number = (pattern: RegExp) => Number(pattern.exec(chart)?.[1]);
    const track = number(/class="track"[^>]*width="([\d.]+)"/);
    const start = number(/class="track" x="([\d.]+)"/);
    expect(number(/class="other"[^>]* width="([\d.]+)"/)).toBeCloseTo(track / 2, 0);
    expect(number(/class="main"[^>]* width="([\d.]+)"/)).toBeCloseTo(track / 4, 0);
    expect(number(/class="target" d="M([\d.]+) /)).toBeCloseTo(start + (track * 3) / 4, 0);
  });

  it('can be read aloud, in light and in dark', () => {
    expect(chart).toContain('<title id="title">Reads &amp; more: requests per second</title>');
    expect(chart).toContain('<desc id="description">Read hit: bare &lt;http&gt; 50, ours 25.</desc>');
    expect(chart).toContain('@media (prefers-color-scheme: dark)');
  });

  it('is XML whose elements all end', () => {
    const open: string[] = [];
    for (const [, end, name = '', self] of chart.matchAll(/<(\/?)([a-z]+)[^<>]*?(\/?)>/g)) {
      if (end === '/') expect(open.pop()).toBe(name);
      else if (self === '') open.push(name);
    }
    expect(open).toEqual([]);
    expect(chart.replaceAll(/<[^<>]*>/g, '')).not.toMatch(/[<>]|&(?!(?:amp|lt|gt|quot);)/);
  });
});
