import { beforeEach, describe, expect, it } from '@jest/globals';
import type { LoggedChange, PrimaryChangeFeed } from '../../../src/platform/journal/change-feed.ts';
import type { JournalEvent } from '../../../src/platform/journal/journal-events.ts';
import { type JournalNews, JournalTail } from '../../../src/platform/journal/journal-tail.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import { VirtualTime } from '../../helpers/virtual-time.ts';

/** A journal that a test writes, and that fails or hangs when told to. */
class ScriptedFeed implements PrimaryChangeFeed {
  readonly visible = new Map<number, string>();
  /** Numbers of transactions that have not ended. */
  readonly undecided = new Set<number>();
  mode: 'answers' | 'fails' | 'hangs' = 'answers';
  latencyMs = 0;
  asked = 0;
  running = 0;
  runningMax = 0;
  gapsAsked: readonly number[] = [];

  show(...numbers: number[]): void {
    for (const seq of numbers) {
      this.undecided.delete(seq);
      this.visible.set(seq, `key-${seq}`);
    }
  }

  /** What a server has that had not got all from the one before it. */
  failOver({ lost, written }: { readonly lost: readonly number[]; readonly written: readonly number[] }): void {
    for (const seq of lost) this.visible.delete(seq);
    for (const seq of written) this.visible.set(seq, `new-${seq}`);
  }

  async after(
    seq: number,
    { limit, gaps }: { readonly limit: number; readonly gaps: readonly number[] },
  ): Promise<readonly LoggedChange[]> {
    this.gapsAsked = gaps;
    const all = [...this.visible]
      .map(([number, key]) => ({ seq: number, key, id: `id of ${key}` }))
      .toSorted((a, b) => a.seq - b.seq);
    const behind = all.filter((change) => change.seq > seq).slice(0, limit);
    return await this.#answer([...all.filter((change) => gaps.includes(change.seq)), ...behind]);
  }

  async latest(): Promise<number> {
    return await this.#answer(Math.max(0, ...this.visible.keys()));
  }

  async hasUndecided(numbers: readonly number[]): Promise<boolean> {
    return await this.#answer(numbers.some((seq) => this.undecided.has(seq)));
  }

  async #answer<T>(answer: T): Promise<T> {
    this.asked += 1;
    this.running += 1;
    this.runningMax = Math.max(this.runningMax, this.running);
    if (this.latencyMs > 0) await time.delay(this.latencyMs);
    if (this.mode === 'hangs') await new Promise(() => {});
    this.running -= 1;
    if (this.mode === 'fails') throw new Error('The journal is away.');
    return answer;
  }
}

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

let time: VirtualTime;
let feed: ScriptedFeed;
let tail: JournalTail;
let told: JournalNews[];
let events: JournalEvent[];
/** Makes the tail anew, with limits of its own. */
let start: (limits: { readonly gapMs?: number; readonly answerMs?: number }) => void;
beforeEach(() => {
  time = new VirtualTime();
  feed = new ScriptedFeed();
  told = [];
  events = [];
  const stream = new EventStream<JournalEvent>((error) => {
    throw error;
  });
  stream.subscribe((event) => void events.push(event));
  start = (limits) => {
    tail = new JournalTail(feed, { scheduler: time, events: stream, ...limits });
    tail.subscribe((news) => void told.push(news));
  };
  start({});
});

/** The numbers that were told, in their order. */
const toldNumbers = (): (number | string)[] =>
  told.flatMap<number | string>((news) => (typeof news === 'string' ? [news] : news.map(({ seq }) => seq)));

async function following(...visible: number[]): Promise<void> {
  feed.show(...visible);
  tail.start();
  await time.pass(0);
  expect(tail.isFollowing).toBe(true);
}

describe('A tail that begins', () => {
  it('follows when it has read the journal once, and tells nothing of what was there', async () => {
    feed.show(1, 2, 3);
    tail.start();
    expect(tail.isFollowing).toBe(false);
    await time.pass(0);
    expect(tail.isFollowing).toBe(true);
    expect(tail).toMatchObject({ position: 3, skippedTo: 3 });
    expect(told).toEqual([]);
  });

  it('follows an empty journal', async () => {
    await following();
    feed.show(1);
    await time.pass(200);
    expect(toldNumbers()).toEqual([1]);
  });

  it('tells of numbers among the last thousand that were not visible by then', async () => {
    await following(1, 5_000, 5_002);
    feed.show(4_003, 5_001);
    await time.pass(200);
    expect(toldNumbers()).toEqual([4_003, 5_001]);
  });

  it('is settled up to the first number that may still become visible', async () => {
    await following(1, 2, 4);
    expect(tail.settledPosition).toBe(2);
    feed.show(6);
    await time.pass(200);
    expect(tail.settledPosition).toBe(2);
    feed.show(3);
    await time.pass(200);
    expect(tail.settledPosition).toBe(4);
    await time.pass(11_000);
    expect(tail.settledPosition).toBe(6);
  });

  it('goes on trying while the journal is away, and then follows', async () => {
    feed.mode = 'fails';
    tail.start();
    await time.pass(1_000);
    expect(tail.isFollowing).toBe(false);
    expect(feed.asked).toBe(6);
    feed.mode = 'answers';
    await time.pass(200);
    expect(tail.isFollowing).toBe(true);
    expect(told).toEqual([]);
  });
});

describe('A tail that follows', () => {
  it('tells each change once, five times a second', async () => {
    await following(1);
    feed.show(2, 3);
    await time.pass(199);
    expect(told).toEqual([]);
    await time.pass(1);
    expect(told).toMatchObject([
      [
        { seq: 2, key: 'key-2' },
        { seq: 3, key: 'key-3' },
      ],
    ]);
    await time.pass(20_000);
    expect(told).toHaveLength(1);
  });

  it('tells a lower number that becomes visible after a higher one, once', async () => {
    await following(1);
    feed.show(4);
    await time.pass(200);
    feed.show(3);
    await time.pass(200);
    feed.show(2, 5);
    await time.pass(400);
    expect(toldNumbers()).toEqual([4, 3, 2, 5]);
  });

  it('asks for a missing number for ten seconds, and no longer', async () => {
    await following(1);
    feed.show(3);
    await time.pass(9_800);
    expect(feed.gapsAsked).toEqual([2]);
    await time.pass(1_000);
    expect(feed.gapsAsked).toEqual([]);
  });

  it('asks for a missing number for longer where transactions may take longer', async () => {
    start({ gapMs: 60_000 });
    await following(1);
    feed.show(3);
    await time.pass(59_600);
    feed.show(2);
    await time.pass(200);
    expect(toldNumbers()).toEqual([3, 2]);
  });

  it('does not count the time without contact, in which a transaction stands still too', async () => {
    await following(1);
    feed.show(3);
    await time.pass(5_000);
    feed.mode = 'fails';
    await time.pass(60_000);
    feed.mode = 'answers';
    await time.pass(400);
    feed.show(2);
    await time.pass(400);
    expect(toldNumbers()).toEqual([3, 2]);
  });

  it('asks for a missing number for as long as its transaction has not ended, and tells it then', async () => {
    await following(1);
    feed.undecided.add(2);
    feed.show(3);
    await time.pass(60_000);
    expect(tail.settledPosition).toBe(1);
    feed.show(2);
    await time.pass(200);
    expect(toldNumbers()).toEqual([3, 2]);
  });

  it('tells a number that becomes visible just before it is known that its transaction has ended', async () => {
    await following(1);
    feed.undecided.add(2);
    feed.show(3);
    feed.latencyMs = 50;
    const { hasUndecided } = feed;
    feed.hasUndecided = async (numbers) => {
      feed.show(2);
      return await hasUndecided.call(feed, numbers);
    };
    await time.pass(15_000);
    expect(toldNumbers()).toEqual([3, 2]);
  });

  it('says that it has lost contact when it cannot be asked whether transactions have ended, and asks for all on', async () => {
    await following(1);
    feed.show(3);
    feed.hasUndecided = () => Promise.reject(new Error('It must not be asked.'));
    await time.pass(60_000);
    expect(events).toMatchObject([{ type: 'contact-lost' }]);
    feed.show(2);
    await time.pass(200);
    expect(toldNumbers()).toEqual([3, 2]);
  });

  it('reads on at once when there is more than it reads at a time', async () => {
    await following(1);
    feed.show(...numbers(2, 3_500));
    await time.pass(200);
    expect(toldNumbers()).toEqual(numbers(2, 3_500));
    expect(tail.skippedTo).toBe(1);
  });

  it('tells that everything may have changed when it is more than ten thousand behind, and follows from there', async () => {
    await following(1);
    feed.show(...numbers(2, 12_500));
    await time.pass(200);
    expect(toldNumbers().slice(-1)).toEqual(['everything']);
    expect(toldNumbers().length).toBeLessThan(1_100);
    expect(events).toEqual([{ type: 'skipped', reason: 'far-behind', changes: 11_499 }]);
    feed.show(12_501);
    await time.pass(200);
    expect(toldNumbers().slice(-1)).toEqual([12_501]);
    expect(tail).toMatchObject({ isFollowing: true, skippedTo: 12_500 });
  });

  it('does not follow for ten seconds when more numbers are missing than it can ask for', async () => {
    await following(1);
    feed.show(10_000);
    await time.pass(200);
    expect(toldNumbers()).toEqual(['everything', 10_000]);
    expect(events).toEqual([{ type: 'skipped', reason: 'many-gaps', changes: 9_998 }]);
    await time.pass(9_600);
    expect(tail.isFollowing).toBe(false);
    await time.pass(400);
    expect(tail.isFollowing).toBe(true);
    expect(toldNumbers()).toEqual(['everything', 10_000, 'everything']);
    expect(tail.skippedTo).toBe(10_000);
  });
});

describe('A tail whose process stands still', () => {
  it('does not follow from the first moment on, and follows again after the next round', async () => {
    await following(1);
    await time.pass(1_050);
    time.stall(5_000);
    expect(tail.isFollowing).toBe(false);
    feed.mode = 'hangs';
    await time.pass(0);
    expect(tail.isFollowing).toBe(false);
    feed.mode = 'answers';
    feed.show(2);
    await time.pass(700);
    expect(toldNumbers()).toEqual([2]);
    expect(tail.isFollowing).toBe(true);
  });

  it('does not count a round that began before', async () => {
    await following(1);
    feed.mode = 'hangs';
    await time.pass(250);
    const asked = feed.asked;
    time.stall(5_000);
    feed.mode = 'answers';
    await time.pass(0);
    expect(feed.asked).toBe(asked);
    expect(tail.isFollowing).toBe(false);
    await time.pass(200);
    expect(feed.asked).toBeGreaterThan(asked);
    expect(tail.isFollowing).toBe(true);
  });

  it('does not follow after a round that fails: others may have written before the database went away', async () => {
    await following(1);
    feed.mode = 'fails';
    time.stall(5_000);
    await time.pass(5_000);
    expect(tail.isFollowing).toBe(false);
    feed.mode = 'answers';
    feed.show(2);
    await time.pass(200);
    expect(toldNumbers()).toEqual([2]);
    expect(tail.isFollowing).toBe(true);
  });

  it('goes on following when it was for less than a second', async () => {
    await following(1);
    time.stall(999);
    expect(tail.isFollowing).toBe(true);
    feed.mode = 'hangs';
    await time.pass(0);
    expect(tail.isFollowing).toBe(true);
  });
});

describe('A tail without contact', () => {
  it('stays at its pace, keeps following, says so after two seconds, and catches up', async () => {
    await following(1);
    feed.mode = 'fails';
    const before = feed.asked;
    await time.pass(1_900);
    expect(feed.asked - before).toBe(9);
    expect(events).toEqual([]);
    await time.pass(10_000);
    expect(events).toMatchObject([{ type: 'contact-lost' }]);
    expect(tail.isFollowing).toBe(true);
    expect(tail.silenceMs).toBe(11_900);

    feed.mode = 'answers';
    feed.show(2);
    await time.pass(200);
    expect(toldNumbers()).toEqual([2]);
    expect(events).toMatchObject([{ type: 'contact-lost' }, { type: 'contact-regained', silenceMs: 12_000 }]);
    expect(tail.silenceMs).toBeLessThan(200);
  });

  it('waits half a second for an answer, and never asks twice at once', async () => {
    await following(1);
    feed.mode = 'hangs';
    await time.pass(200);
    feed.runningMax = feed.running;
    expect(feed.running).toBe(1);
    const before = feed.asked;
    await time.pass(499);
    expect(feed.asked).toBe(before);
    feed.mode = 'answers';
    feed.show(2);
    await time.pass(201);
    expect(toldNumbers()).toEqual([2]);
  });

  it('that finds a journal with fewer changes than before, tells that everything may have changed', async () => {
    await following(...numbers(1, 50));
    feed.mode = 'fails';
    await time.pass(5_000);
    feed.visible.clear();
    feed.show(...numbers(1, 30));
    feed.mode = 'answers';
    await time.pass(200);
    expect(toldNumbers()).toEqual(['another-log']);
    feed.show(31);
    await time.pass(200);
    expect(toldNumbers()).toEqual(['another-log', 31]);
    expect(tail.skippedTo).toBe(30);
  });
});

describe('A tail whose database was replaced by one that lacks the last commits', () => {
  const reset = { type: 'skipped', reason: 'journal-reset' };

  it('tells so at once when there are fewer changes, though no round has failed', async () => {
    await following(...numbers(1, 1_001));
    feed.failOver({ lost: numbers(991, 1_001), written: [] });
    await time.pass(200);
    expect(toldNumbers()).toEqual(['another-log']);
    expect(events).toMatchObject([reset]);
    feed.failOver({ lost: [], written: [991] });
    await time.pass(200);
    expect(toldNumbers()).toEqual(['another-log', 991]);
  });

  it('tells so when others have written beyond its position before it reads again', async () => {
    await following(...numbers(1, 1_001));
    feed.mode = 'fails';
    await time.pass(5_000);
    feed.failOver({ lost: numbers(991, 1_001), written: numbers(991, 1_010) });
    feed.mode = 'answers';
    await time.pass(200);
    expect(toldNumbers()).toEqual(['another-log']);
    expect(events).toMatchObject([{ type: 'contact-lost' }, reset, { type: 'contact-regained' }]);
    expect(tail).toMatchObject({ position: 1_010, skippedTo: 1_010 });
  });

  it('tells so when as many changes were written there as were lost', async () => {
    await following(1, 2);
    feed.show(3);
    await time.pass(200);
    feed.failOver({ lost: [3], written: [3] });
    await time.pass(200);
    expect(toldNumbers()).toEqual([3, 'another-log']);
  });

  it('tells so when it has lost them between the questions with which following begins', async () => {
    feed.show(...numbers(1, 5_000));
    const { latest } = feed;
    feed.latest = async () => {
      const before = await latest.call(feed);
      feed.failOver({ lost: numbers(31, 5_000), written: [] });
      return before;
    };
    tail.start();
    await time.pass(0);
    expect(tail).toMatchObject({ position: 30, isFollowing: true });
    expect(toldNumbers()).toEqual(['another-log']);
  });

  it('asks for none of the numbers that were missing before', async () => {
    await following(1, 2, 4);
    feed.failOver({ lost: [4], written: [] });
    await time.pass(400);
    expect(feed.gapsAsked).toEqual([]);
  });
});

it('A tail that waits longer for an answer takes one that comes late', async () => {
  start({ answerMs: 2_000 });
  await following(1);
  feed.latencyMs = 1_500;
  feed.show(2);
  await time.pass(1_700);
  expect(toldNumbers()).toEqual([2]);
});

it('A tail that does not follow has not been silent', async () => {
  expect(tail.silenceMs).toBe(0);
  await time.pass(5_000);
  expect(tail.silenceMs).toBe(0);
  await following(1);
  await tail.stop();
  await time.pass(5_000);
  expect(tail.silenceMs).toBe(0);
});

it('A tail that was stopped asks nothing more, follows no longer and leaves no timer', async () => {
  await following(1);
  await tail.stop();
  const before = feed.asked;
  feed.show(2);
  await time.pass(5_000);
  expect(feed.asked).toBe(before);
  expect(tail.isFollowing).toBe(false);
  expect(told).toEqual([]);
  expect(time.pending).toBe(0);
});

it('A tail that is stopped does not wait for what it has asked', async () => {
  await following(1);
  feed.mode = 'hangs';
  await time.pass(200);
  await tail.stop();
  expect(time.pending).toBe(0);
  expect(events).toEqual([]);
});

it('Who has ended the subscription is told nothing more', async () => {
  const others: JournalNews[] = [];
  const end = tail.subscribe((news) => void others.push(news));
  await following();
  end();
  feed.show(1);
  await time.pass(200);
  expect(others).toEqual([]);
  expect(toldNumbers()).toEqual([1]);
});
