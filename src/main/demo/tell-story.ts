import { setTimeout as delay } from 'node:timers/promises';
import { DemoClients } from './demo-clients.ts';
import { type BreakerFigures, type ChapterName, type DemoSecond, SecondInTheMaking } from './demo-figures.ts';
import { type DemoRecord, judge } from './demo-promises.ts';
import type { DemoScreen } from './demo-screen.ts';
import type { DemoService } from './demo-service.ts';
import { metricValue } from './metric-value.ts';

/** How many seconds each chapter takes. The chapter in which the breaker closes goes on until it has. */
export type Pace = Readonly<Record<ChapterName, number>>;

/** About a minute, with the breaker's own ten seconds. */
export const fullPace: Pace = { healthy: 8, slow: 8, dead: 13, healed: 3, frozen: 6, thawed: 5 };
/** For whom knows the story: the database is frozen for longer than its deadline here, too. */
export const fastPace: Pace = { healthy: 3, slow: 3, dead: 5, healed: 2, frozen: 4, thawed: 3 };

/** Less than the timeout of an attempt. */
const slowMs = 300;
/** After the breaker's wait: the probe needs a request that comes, and may meet a port that is about to open. */
const closeSecondsMax = 4;

interface Chapter {
  readonly name: ChapterName;
  readonly title: string;
  readonly explanation: string;
  readonly begin: () => Promise<void> | void;
}

/**
 * Lets things happen to the service while clients use it.
 *
 * @returns whether all that it promises was kept
 * @throws the signal's reason when it ends the story
 */
export async function tellStory(
  service: DemoService,
  { pace, screen, signal }: { readonly pace: Pace; readonly screen: DemoScreen; readonly signal: AbortSignal },
): Promise<boolean> {
  const seconds: DemoSecond[] = [];
  const breaker: Partial<Record<ChapterName, BreakerFigures>> = {};
  let second = new SecondInTheMaking();
  const clients = new DemoClients(service.url, () => second);
  await clients.createUsers();
  screen.opening();

  const closing = new AbortController();
  const running = clients.run(AbortSignal.any([signal, closing.signal]));
  const passSecond = async (name: ChapterName): Promise<BreakerFigures> => {
    await delay(1_000, undefined, { signal });
    const figures = await readBreaker(service.url);
    const ended = second.end(name, figures.state, clients.waitingWrites);
    second = new SecondInTheMaking();
    seconds.push(ended);
    screen.second(ended);
    return figures;
  };
  let frozenFrom = 0;
  try {
    for (const { name, title, explanation, begin } of chaptersOf(service)) {
      screen.chapter(title, explanation);
      if (name === 'frozen') frozenFrom = clients.writes.length;
      await begin();
      if (name === 'healed') await untilClosed(service, () => passSecond(name));
      for (let passed = 0; passed < pace[name]; passed++) breaker[name] = await passSecond(name);
    }
  } finally {
    closing.abort();
    await running;
  }
  seconds.push(second.end('thawed', breaker.thawed?.state ?? 'unknown', clients.waitingWrites));

  const record: DemoRecord = {
    slowMs,
    seconds,
    breaker,
    writes: clients.writes.slice(frozenFrom),
    lostOrDoubled: await clients.countLostOrDoubled(),
  };
  const verdicts = judge(record);
  screen.summary(record, verdicts);
  return verdicts.every(({ isKept }) => isKept);
}

async function untilClosed({ resetMs }: DemoService, passSecond: () => Promise<BreakerFigures>): Promise<void> {
  for (let left = Math.ceil(resetMs / 1_000) + closeSecondsMax; left > 0; left--) {
    if ((await passSecond()).state === 'closed') return;
  }
}

function chaptersOf(service: DemoService): readonly Chapter[] {
  return [
    {
      name: 'healthy',
      title: 'All is well',
      explanation:
        'Each second about 18 reads come, 8 for enriched profiles and 3 for lists, which the database alone can answer, and 3 changes.',
      begin: () => {},
    },
    {
      name: 'slow',
      title: 'The provider is slow',
      explanation: `It takes ${slowMs} ms for each answer. Who asks for its data waits that long; plain reads do not.`,
      begin: () => service.slowProvider(slowMs),
    },
    {
      name: 'dead',
      title: 'The provider is dead',
      explanation:
        'Its port is closed. Each call is tried again after 100, 200 and 400 ms. When enough have failed, the breaker opens: profiles come at once, without its data, and the provider is left alone, but for one call now and then, to see (half-open).',
      begin: () => service.killProvider(),
    },
    {
      name: 'healed',
      title: 'The provider is back',
      explanation: `The next call that the breaker lets through, ${service.resetMs / 1_000} s after the last one, is answered, and it closes.`,
      begin: () => service.reviveProvider(),
    },
    {
      name: 'frozen',
      title: 'The database is frozen',
      explanation:
        "Another process holds SQLite's write lock. Reads go on, since fewer changes wait than there are connections; a change waits 3 s, then it is told when to come again.",
      begin: () => service.freezeDatabase(),
    },
    {
      name: 'thawed',
      title: 'The database is back',
      explanation: 'That process was killed. The changes that waited are made now.',
      begin: () => service.thawDatabase(),
    },
  ];
}

/** @throws Error when the service does not say */
async function readBreaker(url: string): Promise<BreakerFigures> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const enrichment = { dependency: 'enrichment' };
  const isIn = (state: string) => metricValue(text, 'circuit_breaker_state', { ...enrichment, state }) === 1;
  const changesTo = (to: string) => metricValue(text, 'circuit_breaker_state_changes_total', { ...enrichment, to });
  return {
    state: ['closed', 'open', 'half-open'].find(isIn) ?? 'unknown',
    opened: changesTo('open'),
    probed: changesTo('half-open'),
    saved: metricValue(text, 'dependency_calls_total', { ...enrichment, outcome: 'short-circuited' }),
  };
}
