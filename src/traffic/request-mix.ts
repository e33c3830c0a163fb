/** What clients of a profile service ask for. */
export const requestKinds = [
  'read',
  'read-unchanged',
  'read-missing',
  'read-enriched',
  'list',
  'search',
  'update',
  'create',
] as const;
export type RequestKind = (typeof requestKinds)[number];

/** How often each is asked for, in percent: mostly reads, as where profiles are shown far more than they are changed. */
export const requestShares: Readonly<Record<RequestKind, number>> = {
  read: 40,
  'read-unchanged': 12,
  'read-missing': 3,
  'read-enriched': 25,
  list: 5,
  search: 5,
  update: 7,
  create: 3,
};

/** @param random uniform in [0, 1) */
export function pickKind(random: number): RequestKind {
  let left = random * 100;
  for (const kind of requestKinds) {
    left -= requestShares[kind];
    if (left < 0) return kind;
  }
  return 'read';
}

/**
 * Which of `count` things is asked for, by Zipf's law: the first one about twice as often as the second, and so on.
 * The continuous approximation of it, which costs the same for any `count`.
 *
 * @param random uniform in [0, 1)
 */
export function zipfIndex(random: number, count: number): number {
  return Math.min(count - 1, Math.floor((count + 1) ** random) - 1);
}
