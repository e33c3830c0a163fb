import type { BreakerFigures, ChapterName, DemoSecond, DemoWrite } from './demo-figures.ts';

/** All that was seen. */
export interface DemoRecord {
  /** What the provider takes for an answer while it is slow. */
  readonly slowMs: number;
  readonly seconds: readonly DemoSecond[];
  /** Those of the frozen database and after it. */
  readonly writes: readonly DemoWrite[];
  /** At the end of each chapter. */
  readonly breaker: Readonly<Partial<Record<ChapterName, BreakerFigures>>>;
  /** Changes that were answered as made and were not made exactly once. */
  readonly lostOrDoubled: number;
}

/** Something that the service promises, and whether it has kept it. */
export interface Verdict {
  readonly promise: string;
  readonly isKept: boolean;
  readonly seen: string;
}

/** An open breaker answers at least this many times faster than the retries before it opened. */
const speedUpMin = 5;
/** What waits for less than this was not held up by a frozen database: it may have been a busy machine. */
const heldUpMs = 1_000;

/** What the story is told for. A chapter that was not reached breaks its promises. */
export function judge(record: DemoRecord): readonly Verdict[] {
  const { seconds, writes, breaker } = record;
  const of = (chapter: ChapterName) => seconds.filter((second) => second.chapter === chapter);
  const failed = seconds.reduce((sum, second) => sum + second.failed, 0);
  // The breaker may open within a second, of which most answers then come at once.
  const dying = Math.max(0, ...of('dead').flatMap(({ enrichedMaxMs }) => enrichedMaxMs ?? []));
  const opened = Math.min(...medians(of('dead').slice(-2)));
  // Some answers of its first seconds were asked for before it.
  const slow = of('slow').at(-1);
  const healed = of('healed').at(-1);
  const whileFrozen = readLatencies(of('frozen'));
  // What the frozen database held up is answered when it is back.
  const readP95Ms = Math.max(0, ...whileFrozen, ...readLatencies(of('thawed')));
  const heldUp = writes.filter(({ durationMs }) => durationMs >= heldUpMs);

  return [
    verdict('No request fails', failed === 0 && seconds.length > 0, `${failed} failed`),
    verdict(
      'A slow provider is waited for, and its data come',
      slow?.availableShare === 1 && slow.enrichedP50Ms !== null && slow.enrichedP50Ms >= record.slowMs,
      `median ${ms(slow?.enrichedP50Ms ?? Infinity)}, ${percentOf(slow?.availableShare)}`,
    ),
    verdict(
      'A dead provider opens the breaker',
      (breaker.dead?.opened ?? 0) > (breaker.slow?.opened ?? 0),
      `opened: ${(breaker.dead?.opened ?? 0) - (breaker.slow?.opened ?? 0)}`,
    ),
    verdict(
      'Then answers come at once',
      dying > speedUpMin * opened,
      `up to ${ms(dying)} before, a median of ${ms(opened)} then`,
    ),
    verdict(
      'Once the provider is back, a probe closes the breaker',
      breaker.healed?.state === 'closed' && breaker.healed.probed > 0,
      `${breaker.healed?.state ?? 'not reached'}, probes: ${breaker.healed?.probed ?? 0}`,
    ),
    verdict('Then profiles are whole again', healed?.availableShare === 1, percentOf(healed?.availableShare)),
    verdict(
      'While the database takes no writes, reads go on',
      whileFrozen.length > 0 && readP95Ms < heldUpMs,
      `95 % within ${ms(readP95Ms)}`,
    ),
    verdict(
      'Changes held up by it are made all the same, each exactly once',
      heldUp.length > 0 && record.lostOrDoubled === 0,
      `${heldUp.length} held up, ${record.lostOrDoubled} lost or doubled`,
    ),
  ];
}

function verdict(promise: string, isKept: boolean, seen: string): Verdict {
  return { promise, isKept, seen };
}

function medians(seconds: readonly DemoSecond[]): readonly number[] {
  return seconds.flatMap(({ enrichedP50Ms }) => enrichedP50Ms ?? []);
}

function readLatencies(seconds: readonly DemoSecond[]): readonly number[] {
  return seconds.flatMap(({ readP95Ms }) => readP95Ms ?? []);
}

function ms(value: number): string {
  if (!Number.isFinite(value)) return 'none';
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
}

function percentOf(share: number | null | undefined): string {
  return share === null || share === undefined ? 'none asked for' : `${Math.round(share * 100)} % whole`;
}
