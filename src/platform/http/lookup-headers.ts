import type { CacheStatus } from '../cache/cache-entry.ts';

/** Where an answer came from, and how long each part of looking for it took. */
export interface Lookup {
  readonly status: CacheStatus;
  /** By the names of the parts, which are tokens of HTTP. Parts that took no time of their own are left out. */
  readonly durationsMs: Readonly<Record<string, number>>;
}

/** The headers that let a person see it, for `sendAnswer`, or for `res.setHeaders` in front of an error. */
export type LookupHeaders = (lookup: Lookup) => Readonly<Record<string, string>>;

/**
 * `X-Cache`, and `Server-Timing` (https://www.w3.org/TR/server-timing/) where it is wanted: it tells whoever asks how
 * long the parts of the service take, which is more than strangers need to know.
 */
export function createLookupHeaders({ serverTiming }: { readonly serverTiming: boolean }): LookupHeaders {
  return ({ status, durationsMs }) => {
    const parts = serverTiming ? Object.entries(durationsMs) : [];
    if (parts.length === 0) return withoutTimings[status];
    const timings = parts.map(([name, durationMs]) => `${name};dur=${Math.round(durationMs * 100) / 100}`);
    return { 'X-Cache': status, 'Server-Timing': timings.join(', ') };
  };
}

/** Made once: a hit is answered thousands of times a second. */
const withoutTimings: Readonly<Record<CacheStatus, Readonly<Record<string, string>>>> = {
  hit: { 'X-Cache': 'hit' },
  miss: { 'X-Cache': 'miss' },
  bypass: { 'X-Cache': 'bypass' },
};
