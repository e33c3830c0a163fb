import type { DemoSecond } from './demo-figures.ts';
import type { DemoRecord, Verdict } from './demo-promises.ts';

/** Where the demo is told. */
export interface DemoOutput {
  readonly isTTY?: boolean;
  /** Of a terminal. */
  readonly columns?: number;
  /** Of a terminal: not with `NO_COLOR`, nor when it cannot. */
  hasColors?(): boolean;
  write(text: string): unknown;
}

const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const chartSecondsMin = 12;
const chartSecondsMax = 40;
const gap = 2;
/** Without a terminal. */
const plainColumns = 120;
/** What fills the chart: attempts, waits and all of a call that fails. */
const chartMsMax = 3_000;
const colours: Readonly<Record<string, number>> = { closed: 32, open: 31, 'half-open': 33 };

/** Of the lines on a terminal. */
interface Column {
  readonly head: string;
  readonly width: number;
  /** Of two that do not both fit, the one of lower rank is shown. */
  readonly rank: number;
  /** To the left, where numbers are to the right. */
  readonly isText?: true;
  readonly isChart?: true;
  cell(second: DemoSecond, more: { readonly number: number; readonly chart: string }): string;
}

const columns: readonly Column[] = [
  { head: 's', width: 3, rank: 0, cell: (_, { number }) => `${number}` },
  { head: 'breaker', width: 11, rank: 1, isText: true, cell: ({ breaker }) => `● ${breaker}` },
  { head: '', width: chartSecondsMin, rank: 4, isChart: true, isText: true, cell: (_, { chart }) => chart },
  { head: 'enriched', width: 9, rank: 2, cell: ({ enrichedP50Ms }) => inMs(enrichedP50Ms) },
  { head: 'data', width: 5, rank: 5, cell: ({ availableShare }) => inPercent(availableShare) },
  { head: 'read', width: 9, rank: 7, cell: ({ readP95Ms }) => inMs(readP95Ms) },
  { head: 'waiting', width: 7, rank: 6, cell: ({ waitingWrites }) => `${waitingWrites}` },
  { head: 'served', width: 6, rank: 8, cell: ({ served }) => `${served}` },
  { head: 'failed', width: 6, rank: 3, cell: ({ failed }) => `${failed}` },
];

/** Tells the story: on a terminal with colours and a chart of latency, elsewhere in plain lines. */
export class DemoScreen {
  readonly #output: DemoOutput;
  readonly #medians: (number | null)[] = [];

  constructor(output: DemoOutput) {
    this.#output = output;
  }

  opening(): void {
    this.#paragraph(
      "A service, its provider and its database, all of the demo's own, meet trouble for about a minute. Each line is a " +
        "second: the breaker around the provider, how long profiles with the provider's data take (median) and how many " +
        'had it, how long plain reads and lists take (95 % of them), and how many changes wait.',
    );
  }

  chapter(title: string, explanation: string): void {
    this.#line('');
    this.#line(this.#style(1, title));
    this.#paragraph(explanation, '  ');
    if (this.#output.isTTY === true)
      this.#line(
        this.#style(
          2,
          this.#row((column) => column.head),
        ),
      );
  }

  second(second: DemoSecond): void {
    this.#medians.push(second.enrichedP50Ms);
    const number = this.#medians.length;
    this.#line(
      this.#output.isTTY === true
        ? this.#row((column, width) => column.cell(second, { number, chart: sparkline(this.#medians.slice(-width)) }))
            // By its sign, since a colour would count as letters.
            .replace('●', this.#style(colours[second.breaker] ?? 0, '●'))
        : plainLine(number, second),
    );
  }

  summary({ seconds, writes, breaker }: DemoRecord, verdicts: readonly Verdict[]): void {
    const sum = (figure: 'served' | 'failed') => seconds.reduce((total, second) => total + second[figure], 0);
    const repeats = writes.reduce((total, write) => total + write.repeats, 0);
    this.#line('');
    this.#line(this.#style(1, 'Summary'));
    this.#line(`  requests served        ${sum('served')}`);
    this.#line(`  requests failed        ${sum('failed')}`);
    this.#line(`  refused for a moment   ${repeats}, changes that came again under their key when they were told to`);
    this.#line(`  upstream calls saved   ${breaker.thawed?.saved ?? 0}, not made while the breaker was open`);
    this.#line('');
    for (const { promise, isKept, seen } of verdicts) {
      this.#line(`  ${isKept ? this.#style(32, '✓ kept  ') : this.#style(31, '✗ broken')}  ${promise} (${seen})`);
    }
  }

  #style(code: number, text: string): string {
    return this.#output.hasColors?.() === true ? `\u001b[${code}m${text}\u001b[0m` : text;
  }

  /** As many columns as the terminal has room for; what room is left lengthens the chart. */
  #row(textOf: (column: Column, width: number) => string): string {
    let left = this.#output.columns ?? 80;
    const shown = new Set<Column>();
    for (const column of columns.toSorted((a, b) => a.rank - b.rank)) {
      if (column.width + gap > left) continue;
      left -= column.width + gap;
      shown.add(column);
    }
    return columns
      .filter((column) => shown.has(column))
      .map((column) => {
        const width = column.isChart ? Math.min(chartSecondsMax, column.width + left) : column.width;
        const text = textOf(column, width);
        return column.isText ? text.padEnd(width) : text.padStart(width);
      })
      .join(' '.repeat(gap));
  }

  #paragraph(text: string, indent = ''): void {
    const width = (this.#output.columns ?? plainColumns) - indent.length;
    // A word that is longer than the line stays whole.
    for (const [line] of text.matchAll(new RegExp(`(?:\\S.{0,${Math.max(0, width - 1)}}|\\S+)(?=\\s|$)`, 'g')))
      this.#line(indent + line.trimEnd());
  }

  #line(text: string): void {
    this.#output.write(`${text}\n`);
  }
}

function plainLine(number: number, second: DemoSecond): string {
  return [
    `${number}`.padStart(4),
    `breaker ${second.breaker.padEnd(9)}`,
    `enriched ${inMs(second.enrichedP50Ms).padStart(9)}`,
    `with data ${inPercent(second.availableShare).padStart(5)}`,
    `read ${inMs(second.readP95Ms).padStart(9)}`,
    `waiting ${`${second.waitingWrites}`.padStart(2)}`,
    `served ${`${second.served}`.padStart(3)}`,
    `failed ${second.failed}`,
  ].join('  ');
}

/** On a logarithmic scale from 1 ms, since an open breaker is a thousand times faster than one that is about to open. */
export function sparkline(values: readonly (number | null)[]): string {
  return values
    .map((value) => {
      if (value === null) return ' ';
      const height = Math.log(Math.max(1, value)) / Math.log(chartMsMax);
      return bars[Math.min(bars.length - 1, Math.floor(height * bars.length))];
    })
    .join('');
}

function inMs(value: number | null): string {
  return value === null ? '– ms' : `${value.toFixed(1)} ms`;
}

function inPercent(share: number | null): string {
  return share === null ? '–' : `${Math.round(share * 100)} %`;
}
