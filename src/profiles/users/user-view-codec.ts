import type { CacheCodec } from '../../platform/cache/redis-cache-text.ts';
import type { UserView } from './user-view.ts';

/** Instances of two versions can share a Redis: the number in front changes with the representation. */
const format = /^1:(\d{1,10}):(?=\{)/;

/** A user as it is shared: its id is the key, and its revision that of the entry. */
export const userViewCodec: CacheCodec<UserView> = {
  encode: ({ version, body }) => `1:${version}:${body}`,
  decode: (text, { key: id, revision }) => {
    const match = format.exec(text);
    if (match === null) return null;
    const [head, version] = match;
    return { id, revision, version: Number(version), body: text.slice(head.length) };
  },
};
