import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { redisCodeOf } from '../redis/redis-errors.ts';

/**
 * Beside its entries Redis has one hash, the journal of the cache:
 *
 * - `generation`: entries of any other count as absent. When Redis has lost the hash, nobody knows what it has missed,
 *   and the next generation begins.
 * - `position`: of all changes up to this number the entries know.
 * - `floor`: who has not seen all changes up to this number may not store, because the markers of those changes, which
 *   would refuse what is older than they are, can have expired. It is what `position` was some time ago, by way of
 *   `next` (what `position` was at `turnedAt`, in milliseconds of Redis's clock).
 *
 * Every script is atomic, and does nothing when the generation is not the caller's.
 */
const found = `
local function found(key)
  local stored = redis.pcall('GET', key)
  if type(stored) ~= 'string' then return nil, nil end
  local generation, revision = string.match(stored, '^1:(%x+):(%d+):')
  return generation, tonumber(revision)
end
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`;

interface Script {
  readonly text: string;
  readonly sha1: string;
}

function script(text: string): Script {
  const whole = `${found}${text}`;
  return { text: whole, sha1: createHash('sha1').update(whole).digest('hex') };
}

/** A hash of the wrong type, or with a part missing, is replaced like one that is not there. */
const joinScript = script(`
local generation, position, replaced = ARGV[1], ARGV[2], ARGV[3]
local journal = redis.pcall('HMGET', KEYS[1], 'generation', 'position', 'floor', 'next', 'turnedAt')
if not journal.err and journal[1] and journal[1] ~= replaced
  and tonumber(journal[2]) and tonumber(journal[3]) and tonumber(journal[4]) and tonumber(journal[5]) then
  return {journal[1], journal[2]}
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'generation', generation, 'position', position, 'floor', position, 'next', position,
  'turnedAt', string.format('%.0f', now()))
return {generation, position}
`);

/** A full Redis refuses to store, but not what follows a write that takes no room, as PERSIST: what is stale must go. */
const pushScript = script(`
local generation, known, position, guardMs = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
redis.call('PERSIST', KEYS[1])
local journal = redis.pcall('HMGET', KEYS[1], 'generation', 'position', 'next', 'turnedAt')
if journal.err or journal[1] ~= generation or tonumber(journal[2]) < known then return 0 end
for i = 2, #KEYS do
  local writtenIn, revision = found(KEYS[i])
  local changed = ARGV[i + 3]
  if writtenIn ~= generation or revision < tonumber(changed) then
    redis.call('SET', KEYS[i], '1:' .. generation .. ':' .. changed .. ':-', 'PX', guardMs)
  end
end
local time = now()
local age = time - tonumber(journal[4])
if age >= guardMs / 6 then
  local floor = age > guardMs / 3 and journal[2] or journal[3]
  redis.call('HSET', KEYS[1], 'floor', floor, 'next', journal[2], 'turnedAt', string.format('%.0f', time))
end
if tonumber(position) > tonumber(journal[2]) then redis.call('HSET', KEYS[1], 'position', position) end
return 1
`);

const putScript = script(`
local generation, seen, revision, guardMs = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[6])
local journal = redis.pcall('HMGET', KEYS[1], 'generation', 'floor', 'turnedAt')
if journal.err or journal[1] ~= generation then return 'lost' end
if seen < tonumber(journal[2]) or now() - tonumber(journal[3]) > guardMs / 2 then return 'late' end
local writtenIn, stored = found(KEYS[2])
if writtenIn == generation and stored > revision then return 'newer' end
redis.call('SET', KEYS[2], ARGV[4], 'PX', ARGV[5])
return 'stored'
`);

/** A number of the journal under which a key was changed. */
export interface KeyChange {
  readonly key: string;
  readonly seq: number;
}

/** What is known of the cache's journal in Redis. */
export interface CacheJournal {
  readonly generation: string;
  readonly position: number;
}

/**
 * Reads the journal, and begins one when there is none.
 *
 * @param own what the new one would be
 * @param replaced a generation that is to end, or null
 */
export async function joinJournal(
  client: Redis,
  journalKey: string,
  own: CacheJournal,
  replaced: string | null,
): Promise<CacheJournal> {
  const answer = await run(client, joinScript, [journalKey], [own.generation, own.position, replaced ?? '']);
  if (!Array.isArray(answer)) throw new TypeError('The script has answered something else.');
  return { generation: String(answer[0]), position: Number(answer[1]) };
}

/**
 * Replaces entries by markers where they are older than these changes, and advances the position.
 *
 * @param journal as the caller last knew it; one with a lower position is an old copy that has been restored
 * @param options.guardMs how long markers are kept
 * @returns false when the journal is another one
 */
export async function pushChanges(
  client: Redis,
  journalKey: string,
  journal: CacheJournal,
  options: { readonly changes: readonly KeyChange[]; readonly position: number; readonly guardMs: number },
): Promise<boolean> {
  const { changes, position, guardMs } = options;
  const keys = [journalKey, ...changes.map(({ key }) => key)];
  const seqs = changes.map(({ seq }) => seq);
  return (
    (await run(client, pushScript, keys, [journal.generation, journal.position, position, guardMs, ...seqs])) === 1
  );
}

/** `newer`: something newer is there. `late`: who stores has not seen what would have to be compared. `lost`: the journal is another one. */
export type PutOutcome = 'stored' | 'newer' | 'late' | 'lost';

export interface StoredPut {
  readonly key: string;
  readonly revision: number;
  readonly text: string;
  readonly ttlMs: number;
  /** The caller has seen all changes up to this one. */
  readonly seen: number;
  readonly guardMs: number;
}

/** Stores an entry unless what is there, a marker included, is newer. */
export async function putEntry(
  client: Redis,
  journalKey: string,
  generation: string,
  { key, revision, text, ttlMs, seen, guardMs }: StoredPut,
): Promise<PutOutcome> {
  const answer = await run(client, putScript, [journalKey, key], [generation, seen, revision, text, ttlMs, guardMs]);
  return answer === 'stored' || answer === 'newer' || answer === 'late' ? answer : 'lost';
}

/** By its digest; a Redis that does not know it, as after a restart, is told the text. */
async function run(
  client: Redis,
  { text, sha1 }: Script,
  keys: readonly string[],
  values: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await client.evalsha(sha1, keys.length, ...keys, ...values);
  } catch (error) {
    if (redisCodeOf(error) !== 'NOSCRIPT') throw error;
    return await client.eval(text, keys.length, ...keys, ...values);
  }
}
