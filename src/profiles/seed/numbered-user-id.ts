/** Users that are made by number are as old as this, and each a millisecond younger than the one before. */
export const numberedUsersSince = Date.UTC(2026, 0, 1);

/** The id of user `n`, always the same: a UUIDv7, as the service makes them, so that ids grow with the numbers. */
export function numberedUserId(n: number): string {
  const time = (numberedUsersSince + n).toString(16).padStart(12, '0');
  const noise = spread(n).toString(16).padStart(8, '0');
  const node = spread(n + 1)
    .toString(16)
    .padStart(10, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${noise.slice(0, 3)}-8${noise.slice(3, 6)}-${noise.slice(6)}${node}`;
}

/** Spreads numbers over 32 bits (the finaliser of MurmurHash3). */
export function spread(n: number): number {
  let h = n | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
