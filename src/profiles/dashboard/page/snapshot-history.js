/**
 * @import { HistoryPoint, ResilienceSnapshot, TappedCall } from '../resilience-snapshot.ts'
 *
 * @typedef {object} History
 * @property {ResilienceSnapshot} snapshot the last one
 * @property {readonly HistoryPoint[]} points of the last five minutes, oldest first
 * @property {readonly TappedCall[]} calls the last 50, oldest first
 */

export const HISTORY_SECONDS = 300;
const CALLS = 50;
const LATER_MS = 2000;

/**
 * Joins what a snapshot brings to what has been seen. What another process said, before this one or beside it, is
 * dropped.
 *
 * @param {History | null} seen
 * @param {ResilienceSnapshot} snapshot
 * @returns {History}
 */
export function joinSnapshot(seen, snapshot) {
  const before = seen === null || isOfAnotherProcess(seen.snapshot, snapshot) ? { points: [], calls: [] } : seen;
  const lastAt = before.points.at(-1)?.at ?? -Infinity;
  const lastNumber = before.calls.at(-1)?.number ?? -Infinity;
  const points = [...before.points, ...snapshot.points.filter(({ at }) => at > lastAt)];
  const calls = [...before.calls, ...snapshot.calls.filter(({ number }) => number > lastNumber)];
  const oldestAt = (points.at(-1)?.at ?? 0) - HISTORY_SECONDS * 1000;
  return { snapshot, points: points.filter(({ at }) => at > oldestAt), calls: calls.slice(-CALLS) };
}

/**
 * Each process begins its ids at random, and is met at any age by a page that was hidden. Within one the start moves by
 * no more than a second.
 *
 * @param {ResilienceSnapshot} seen
 * @param {ResilienceSnapshot} next
 */
function isOfAnotherProcess(seen, next) {
  return (
    next.id < seen.id ||
    next.uptimeSeconds < seen.uptimeSeconds ||
    next.worker !== seen.worker ||
    startOf(next) > startOf(seen) + LATER_MS
  );
}

/**
 * When its process was started, or up to a second later, since the age is in whole ones.
 *
 * @param {ResilienceSnapshot} snapshot
 */
function startOf({ at, uptimeSeconds }) {
  return at - uptimeSeconds * 1000;
}
