import type { MeasuredServer } from '../servers/measured-server.ts';
import type { Contender } from './comparison.ts';
import type { Group } from './group.ts';
import { create, readHit, readMiss } from './plans.ts';
import type { Target } from './target.ts';

const connections = 32;
const smallCache = { CACHE_MEMORY_ENTRIES_MAX: '1000' };

export const tracing: Group = {
  id: 'tracing',
  title: 'Traces',
  about:
    'Without `OTEL_EXPORTER_OTLP_ENDPOINT`; with it, every request being recorded and sent to a receiver; and with it, when the caller says that its trace is not sampled.',
  comparisons: ['Traces: read hit', 'Traces: read miss'],
  prepare: async ({ servers, usual }) => {
    const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: await servers.traceSink() };
    const [off, on] = [await servers.ours(usual.url), await servers.ours(usual.url, traced)];
    const offMiss = await servers.ours(usual.url, smallCache);
    const onMiss = await servers.ours(usual.url, { ...smallCache, ...traced });
    const miss = { ...readMiss(usual.users), connections };
    const hit = { ...readHit, connections };
    const unsampled = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00` };
    const hits: readonly Contender[] = [
      { label: 'off', server: off, ...hit },
      { label: 'on', server: on, against: 'off', ...hit },
      { label: 'on, not sampled', server: on, against: 'off', ...hit, plan: { ...hit.plan, headers: unsampled } },
    ];
    const misses: readonly Contender[] = [
      { label: 'off', server: offMiss, ...miss },
      { label: 'on', server: onMiss, against: 'off', ...miss },
    ];
    return {
      comparisons: [
        { name: 'Traces: read hit', contenders: hits },
        { name: 'Traces: read miss', contenders: misses },
      ],
      targets: [costTarget('Traces: read hit'), costTarget('Traces: read miss')],
    };
  },
};

/** Behind all others: it creates users, too. */
export const workers: Group = {
  id: 'workers',
  title: 'Workers',
  about:
    'One process, and `WORKERS=auto`, one for each core. Here the server may use every core, and shares them with load and database: on a small machine that leaves little to gain.',
  comparisons: ['Workers: read hit', 'Workers: read miss', 'Workers: create'],
  prepare: async ({ servers, usual }) => {
    const start = async (WORKERS: string, env = {}) =>
      await servers.ours(usual.url, { WORKERS, ...env }, { everywhere: true });
    const [one, auto] = [await start('1'), await start('auto')];
    const [oneMiss, autoMiss] = [await start('1', smallCache), await start('auto', smallCache)];
    return {
      comparisons: [
        { name: 'Workers: read hit', contenders: pairOf(one, auto, { ...readHit, connections }) },
        {
          name: 'Workers: read miss',
          contenders: pairOf(oneMiss, autoMiss, { ...readMiss(usual.users), connections }),
        },
        { name: 'Workers: create', contenders: pairOf(one, auto, { ...create, connections }) },
      ],
      targets: [],
    };
  },
};

function costTarget(comparison: string): Target {
  return {
    title: `${comparison}, on, of off`,
    comparison,
    of: 'on',
    over: 'off',
    metric: 'requests/s',
    bound: { least: 0.7 },
  };
}

function pairOf(one: MeasuredServer, auto: MeasuredServer, asked: Omit<Contender, 'label' | 'server'>): Contender[] {
  return [
    { label: 'one worker', server: one, ...asked },
    { label: 'auto', server: auto, against: 'one worker', ...asked },
  ];
}
