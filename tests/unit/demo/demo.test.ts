import { describe, expect, it } from '@jest/globals';
import type { ChapterName, DemoSecond } from '../../../src/main/demo/demo-figures.ts';
import { type DemoRecord, judge } from '../../../src/main/demo/demo-promises.ts';
import { DemoScreen, sparkline } from '../../../src/main/demo/demo-screen.ts';
import { metricValue } from '../../../src/main/demo/metric-value.ts';

const second = (chapter: ChapterName, seen: Partial<DemoSecond> = {}): DemoSecond => ({
  chapter,
  breaker: 'closed',
  served: 20,
  failed: 0,
  enrichedP50Ms: 4,
  enrichedMaxMs: 9,
  readP95Ms: 5,
  availableShare: 1,
  waitingWrites: 0,
  ...seen,
});
const figures = (opened: number, probed: number, state = 'closed') => ({ state, opened, probed, saved: opened * 10 });

const asPromised: DemoRecord = {
  seconds: [
    second('healthy'),
    // It gets slow in the midst of this second.
    second('slow', { enrichedP50Ms: 5, availableShare: 0.9 }),
    second('slow', { enrichedP50Ms: 355 }),
    // It opens in the midst of this second: most answers come at once already.
    second('dead', { enrichedP50Ms: 2, enrichedMaxMs: 712, availableShare: 0 }),
    second('dead', { enrichedP50Ms: 1.5, availableShare: 0, breaker: 'open' }),
    second('dead', { enrichedP50Ms: 1.7, availableShare: 0, breaker: 'open' }),
    second('healed'),
    second('frozen', { waitingWrites: 7 }),
    second('thawed'),
  ],
  writes: [
    { durationMs: 5_100, repeats: 1 },
    { durationMs: 8, repeats: 0 },
  ],
  slowMs: 300,
  breaker: { slow: figures(0, 0), dead: figures(1, 0, 'open'), healed: figures(1, 1), thawed: figures(1, 1) },
  lostOrDoubled: 0,
};
const replaced = (chapter: ChapterName, seen: Partial<DemoSecond>) => ({
  ...asPromised,
  seconds: asPromised.seconds.map((each) => (each.chapter === chapter ? { ...each, ...seen } : each)),
});
const broken = (record: DemoRecord) =>
  judge(record)
    .filter(({ isKept }) => !isKept)
    .map(({ promise }) => promise);

describe('The judgement of the demo', () => {
  it('finds every promise kept when all was as promised', () => {
    expect(broken(asPromised)).toEqual([]);
  });

  it.each<[string, DemoRecord, RegExp]>([
    ['a request failed', replaced('frozen', { failed: 1 }), /No request fails/],
    ['slow data never came', replaced('slow', { availableShare: 0 }), /slow provider/],
    ['slow data came for some alone', replaced('slow', { availableShare: 0.8 }), /slow provider/],
    ['nobody waited for slow data', replaced('slow', { enrichedP50Ms: 5 }), /slow provider/],
    ['nobody asked for slow data', replaced('slow', { enrichedP50Ms: null, availableShare: null }), /slow provider/],
    ['the breaker did not open', { ...asPromised, breaker: { ...asPromised.breaker, dead: figures(0, 0) } }, /opens/],
    ['answers stayed slow', replaced('dead', { enrichedP50Ms: 710 }), /at once/],
    [
      'the breaker stayed open',
      { ...asPromised, breaker: { ...asPromised.breaker, healed: figures(2, 1, 'open') } },
      /probe closes/,
    ],
    ['the data did not come back', replaced('healed', { availableShare: 0.5 }), /whole again/],
    ['reads waited for the database', replaced('frozen', { readP95Ms: 2_000 }), /reads go on/],
    ['reads waited until the database was back', replaced('thawed', { readP95Ms: 4_000 }), /reads go on/],
    ['nothing was read', replaced('frozen', { readP95Ms: null }), /reads go on/],
    ['a change was lost', { ...asPromised, lostOrDoubled: 1 }, /exactly once/],
    ['nothing was held up, so that nothing was frozen', { ...asPromised, writes: [] }, /exactly once/],
  ])('finds one broken when %s', (_, record, promise) => {
    expect(broken(record)).toEqual([expect.stringMatching(promise)]);
  });

  it('finds none kept that nobody has looked at', () => {
    const nothing: DemoRecord = { seconds: [], writes: [], slowMs: 300, breaker: {}, lostOrDoubled: 0 };
    expect(judge(nothing).filter(({ isKept }) => isKept)).toEqual([]);
  });
});

describe('The screen of the demo', () => {
  const written = (terminal: { readonly columns: number; readonly colours: boolean } | null) => {
    let text = '';
    const screen = new DemoScreen({
      ...(terminal === null ? {} : { isTTY: true, columns: terminal.columns, hasColors: () => terminal.colours }),
      write: (part) => (text += part),
    });
    screen.opening();
    screen.chapter('A title', 'What happens.');
    for (const each of asPromised.seconds) screen.second(each);
    screen.summary(asPromised, judge(asPromised));
    return text;
  };
  const rows = (text: string) => text.split('\n').filter((line) => line.includes('●'));

  it('without a terminal has plain lines, without colours and charts', () => {
    const text = written(null);
    expect(text).not.toContain('\u001b');
    expect(text).not.toMatch(/[▁-█]/);
    expect(text).toMatch(/^ {3}5 {2}breaker open {7}enriched {4}1\.5 ms .* served {2}20 {2}failed 0$/m);
    expect(text).toMatch(/^ {3}8 .* waiting {2}7 /m);
    expect(text).toContain('requests served        180');
    expect(text).toContain('upstream calls saved   10');
  });

  it('on a terminal draws latency, on a scale on which both an open breaker and one that opens can be seen', () => {
    expect(written({ columns: 80, colours: true })).toContain('\u001b[31m●\u001b[0m open');
    expect(sparkline([1, 4, 355, 710, null, 9_999])).toBe('▁▂▆▇ █');
  });

  it('is as wide as the terminal at most, and leaves out what there is least need of', () => {
    for (const columns of [40, 60, 80, 100, 200]) {
      const text = written({ columns, colours: false });
      expect(rows(text)).toHaveLength(asPromised.seconds.length);
      expect(text.replaceAll(/\s+/g, ' ')).toContain(
        'how long plain reads and lists take (95 % of them), and how many changes wait. A title',
      );
      for (const line of text.slice(0, text.indexOf('Summary')).split('\n'))
        expect(line.length).toBeLessThanOrEqual(columns);
    }
    expect(rows(written({ columns: 40, colours: false }))[4]).toBe('  5  ● open          1.5 ms       0');
    expect(rows(written({ columns: 80, colours: false }))[7]).toMatch(/▂ +4\.0 ms {2}100 % +5\.0 ms {8}7 {7}0$/);
  });

  it('has no colours where they are not wanted', () => {
    expect(written({ columns: 80, colours: false })).not.toContain('\u001b');
  });
});

describe('A metric', () => {
  const text = [
    '# TYPE circuit_breaker_state gauge',
    'circuit_breaker_state{dependency="enrichment",state="open"} 1',
    'circuit_breaker_state{dependency="database",state="open"} 0',
    'circuit_breaker_state_changes_total{dependency="enrichment",to="open"} 3',
  ].join('\n');

  it('is read by its name and labels, and is 0 when there is none', () => {
    expect(metricValue(text, 'circuit_breaker_state', { dependency: 'enrichment', state: 'open' })).toBe(1);
    expect(metricValue(text, 'circuit_breaker_state', { dependency: 'database' })).toBe(0);
    expect(metricValue(text, 'circuit_breaker_state_changes_total', { to: 'open' })).toBe(3);
    expect(metricValue(text, 'no_such_metric', {})).toBe(0);
  });
});
