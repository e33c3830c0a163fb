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

/**
 * Joins what a snapshot brings to what has been seen. A process that was started anew counts its snapshots from the
 * start; what the one before it said is dropped then.
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
 * @param {ResilienceSnapshot} seen
 * @param {ResilienceSnapshot} next
 */
function isOfAnotherProcess(seen, next) {
  return next.id < seen.id || next.uptimeSeconds < seen.uptimeSeconds || next.worker !== seen.worker;
}
