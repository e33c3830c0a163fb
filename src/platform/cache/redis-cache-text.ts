import { crc32 } from 'node:zlib';
import type { CacheEntry } from './cache-entry.ts';

/** How values of the cache become text, and back. */
export interface CacheCodec<T> {
  /** Not empty. */
  encode(value: T): string;
  /**
   * Null: it is not what `encode` makes. The text has passed a checksum, so that is another program's, or version's.
   *
   * @param place where it was found, which need not be encoded; its key is without the prefix
   */
  decode(text: string, place: { readonly key: string; readonly revision: number }): T | null;
}

/**
 * What was found under a key. `stale`: of another generation. `marker`: the key was changed, and nothing has been stored
 * since. `unreadable`: not what a cache of this version writes.
 */
export type StoredText<T> = CacheEntry<T> | 'stale' | 'marker' | 'unreadable';

/**
 * An entry as it is stored: `1:<generation>:<revision>:<crc32>:<payload>`, with an empty payload when there is none.
 * The checksum includes the key, so that a value which has come to stand under another key is unreadable.
 *
 * The scripts in redis-cache-scripts.ts read generation and revision, and write the other form, the marker
 * `1:<generation>:<revision>:-`.
 */
export function toStoredText<T>(key: string, generation: string, entry: CacheEntry<T>, codec: CacheCodec<T>): string {
  const payload = entry.value === null ? '' : codec.encode(entry.value);
  const head = `1:${generation}:${entry.revision}`;
  return `${head}:${checksum(key, head, payload)}:${payload}`;
}

/**
 * @param options.key under which it stands
 * @param options.plainKey the same without the prefix
 * @param options.generation the one whose entries count
 */
export function readStoredText<T>(
  text: string,
  { key, plainKey, generation, codec }: { key: string; plainKey: string; generation: string; codec: CacheCodec<T> },
): StoredText<T> {
  const match = /^(1:([0-9a-f]{1,64}):(\d{1,15})):(?:(-)$|([0-9a-f]{1,8}):)/.exec(text);
  if (match === null) return 'unreadable';
  const [all, head = '', writtenIn, revision, marker, sum] = match;
  if (writtenIn !== generation) return 'stale';
  if (marker !== undefined) return 'marker';
  const payload = text.slice(all.length);
  if (sum !== checksum(key, head, payload)) return 'unreadable';
  if (payload === '') return { revision: Number(revision), value: null };
  const value = codec.decode(payload, { key: plainKey, revision: Number(revision) });
  return value === null ? 'unreadable' : { revision: Number(revision), value };
}

function checksum(key: string, head: string, payload: string): string {
  return crc32(payload, crc32(`${key}\n${head}\n`)).toString(16);
}
