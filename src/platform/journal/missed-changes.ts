import type { Change, ChangeFeed } from './change-feed.ts';

const pageSize = 1_000;

/**
 * The keys that were changed behind a position, each with its latest change.
 *
 * @returns null when it is more than `limit` changes behind, or the position is one of another log
 * @throws what the feed throws
 */
export async function readMissedChanges(
  feed: ChangeFeed,
  position: number,
  limit: number,
): Promise<Map<string, number> | null> {
  const latest = await feed.latest();
  if (position > latest || latest - position > limit) return null;
  const missed = new Map<string, number>();
  let last = position;
  let page: readonly Change[];
  do {
    if (last - position > limit) return null;
    page = await feed.after(last, { limit: pageSize, gaps: [] });
    for (const { key, seq } of page) missed.set(key, seq);
    last = page.at(-1)?.seq ?? last;
  } while (page.length === pageSize);
  return missed;
}
