import { setTimeout as delay } from 'node:timers/promises';
import type { Comparison, Contender } from './comparison.ts';
import { type Group, labelled } from './group.ts';
import type { MeasuredServer } from '../servers/measured-server.ts';
import type { StaticAnswers } from '../servers/server-park.ts';
import { numberedUserId } from '../../src/profiles/seed/numbered-user-id.ts';
import { enriched, hotUsers, listPage, notModified, readHit, readMiss } from './plans.ts';
import { rowTargets } from './row-targets.ts';
import type { Target } from './target.ts';

const connections = 32;
const bare = 'bare node:http, the same bytes';
const bareBody = 'bare node:http, no headers but those of the body';
const bareDatabase = 'bare + mysql2';
/** Room in the cache for fewer users than there are. */
const smallCache = { CACHE_MEMORY_ENTRIES_MAX: '1000' };

export const memoryReads: Group = {
  id: 'memory',
  title: 'Reads from memory',
  about:
    'A thousand users, asked for in turn: all are in the cache. The bare server has them in a map of strings, and sends the same status, headers and body as ours; beside it, one that sends `Content-Type` and `Content-Length` alone. *From Redis*: the cache in the process is switched off.',
  comparisons: ['Read hit', '304'],
  prepare: async ({ servers, usual, redis }) => {
    const ours = await servers.ours(usual.url);
    const same = await servers.bareStatic(await answersOf(ours));
    const bodyHeaders = ['Content-Type', 'application/json; charset=utf-8'];
    const plain = await servers.bareStatic({ users: hotUsers, whole: bodyHeaders, unchanged: [] });
    const hit = { ...readHit, connections };
    const unchanged = { ...notModified, connections };
    const hits: Contender[] = [
      { label: bareBody, server: plain, ...hit, cache: 'none' },
      { label: bare, server: same, ...hit },
      { label: 'ours', server: ours, against: bare, ...hit },
    ];
    if (redis !== null) {
      const env = { REDIS_URL: redis.url, CACHE_MEMORY_ENTRIES_MAX: '0' };
      hits.push({ label: 'ours, from Redis', server: await servers.ours(usual.url, env), against: bare, ...hit });
    }
    const comparisons: Comparison[] = [
      { name: 'Read hit', contenders: hits },
      {
        name: '304',
        contenders: [
          { label: bareBody, server: plain, ...unchanged, cache: 'none' },
          { label: bare, server: same, ...unchanged },
          { label: 'ours', server: ours, against: bare, ...unchanged },
        ],
      },
    ];
    const targets: Target[] = [
      {
        title: 'Read hit, of bare `node:http` answering the same bytes',
        comparison: 'Read hit',
        of: 'ours',
        over: bare,
        metric: 'requests/s',
        bound: { least: 0.7 },
      },
    ];
    return { comparisons, targets };
  },
};

/** What a hit, and a hit of what the client has already, are sent with. */
async function answersOf({ port }: MeasuredServer): Promise<StaticAnswers> {
  const headersOf = async (headers: Readonly<Record<string, string>>): Promise<string[]> => {
    const url = `http://127.0.0.1:${port}/api/users/${numberedUserId(0)}`;
    const answer = await fetch(url, { headers });
    await answer.body?.cancel();
    return [...answer.headers].filter(([name]) => !givenElsewhere.has(name)).flat();
  };
  let whole: readonly string[] = [];
  // Only once the service has joined its cache is anything a hit.
  for (let tries = 0; tries < 100 && !whole.includes('hit'); tries++) {
    whole = await headersOf({});
    await delay(50);
  }
  return { users: hotUsers, whole, unchanged: await headersOf({ 'If-None-Match': '"1"' }) };
}

/** By Node.js, and for each body. */
const givenElsewhere: ReadonlySet<string> = new Set(['connection', 'content-length', 'date', 'keep-alive']);

export const databaseReads: Group = {
  id: 'database',
  title: 'Reads from the database',
  about:
    'Every user before any a second time, so that none is found in the cache, which has room for 1,000. The bare server (`node:http` and mysql2) sends one query for each request, `execute` by primary key, on a pool of ten connections.',
  comparisons: ['Read miss, 32 connections', 'Read miss, 1 connection'],
  prepare: async (scene) => {
    const many: Contender[] = [];
    const single: Contender[] = [];
    for (const rows of scene.databases) {
      const asked = readMiss(rows.users);
      const reference = labelled(bareDatabase, scene, rows);
      const plain = {
        server: await scene.servers.bareDatabase(rows.url),
        label: reference,
        ...asked,
        cache: 'none',
      } as const;
      const ours = {
        server: await scene.servers.ours(rows.url, smallCache),
        label: labelled('ours', scene, rows),
        against: reference,
        ...asked,
      };
      many.push({ ...plain, connections }, { ...ours, connections });
      if (rows === scene.usual) single.push({ ...plain, connections: 1 }, { ...ours, connections: 1 });
    }
    const of = labelled('ours', scene, scene.usual);
    const over = labelled(bareDatabase, scene, scene.usual);
    const targets: Target[] = [
      {
        title: 'Read miss under 32 connections, of bare `node:http` + mysql2',
        comparison: 'Read miss, 32 connections',
        of,
        over,
        metric: 'requests/s',
        bound: { least: 1.1 },
      },
      {
        title: 'Read miss at 1 connection, of bare `node:http` + mysql2',
        comparison: 'Read miss, 1 connection',
        of,
        over,
        metric: 'requests/s',
        bound: { least: 0.9 },
      },
      ...rowTargets(scene, 'Read miss, 32 connections', 'ours'),
    ];
    return {
      comparisons: [
        { name: 'Read miss, 32 connections', contenders: many },
        { name: 'Read miss, 1 connection', contenders: single },
      ],
      targets,
    };
  },
};

export const lists: Group = {
  id: 'lists',
  title: 'Lists',
  about:
    'Twenty users in the order of their creation: the first page, and the thousandth (or the last but one, if there are fewer).',
  comparisons: ['List'],
  prepare: async (scene) => {
    const contenders: Contender[] = [];
    const targets: Target[] = [];
    for (const rows of scene.databases) {
      const server = await scene.servers.ours(rows.url);
      const first = labelled('page 1', scene, rows);
      const deep = labelled('page 1,000', scene, rows);
      contenders.push(
        { label: first, server, connections, ...listPage(rows.users, 1) },
        { label: deep, server, connections, against: first, ...listPage(rows.users, 1_000) },
      );
      if (rows !== scene.usual) continue;
      targets.push({
        title: 'Page 1,000, of page 1',
        comparison: 'List',
        of: deep,
        over: first,
        metric: 'requests/s',
        bound: { least: 0.95 },
      });
    }
    targets.push(...rowTargets(scene, 'List', 'page 1'), ...rowTargets(scene, 'List', 'page 1,000'));
    return { comparisons: [{ name: 'List', contenders }], targets };
  },
};

export const enrichedReads: Group = {
  id: 'enriched',
  title: 'Enriched profiles',
  about:
    'Users of the cache, and the provider (the mock, in a process of its own): healthy, and hanging, with the circuit breaker open.',
  comparisons: ['Enriched'],
  prepare: async ({ servers, usual }) => {
    const healthy = await servers.ours(usual.url, { ENRICHMENT_URL: await servers.provider('healthy') });
    const hanging = await servers.ours(usual.url, { ENRICHMENT_URL: await servers.provider('hanging') });
    const hit = 'profile alone, read hit';
    const open = 'enriched, breaker open';
    const contenders: Contender[] = [
      { label: hit, server: healthy, connections, ...readHit },
      { label: 'enriched, provider healthy', server: healthy, against: hit, connections, ...enriched('available') },
      { label: open, server: hanging, against: hit, connections, ...enriched('unavailable') },
    ];
    const targets: Target[] = [
      {
        title: 'p99 of enriched with the breaker open, of a read hit',
        comparison: 'Enriched',
        of: open,
        over: hit,
        metric: 'p99',
        bound: { most: 1.3 },
      },
    ];
    return { comparisons: [{ name: 'Enriched', contenders }], targets };
  },
};
