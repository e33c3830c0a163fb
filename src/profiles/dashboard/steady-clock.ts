/**
 * Milliseconds since 1970 that never go back. The monotonic clock of a computer that sleeps stands still, so the time of
 * day makes up for it; when the time of day is put back, they go on.
 */
export function steadyClock(): () => number {
  let origin = performance.timeOrigin;
  return () => {
    const elapsedMs = performance.now();
    origin = Math.max(origin, Date.now() - elapsedMs);
    return origin + elapsedMs;
  };
}
