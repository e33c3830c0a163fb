/** How long a `Retry-After` (RFC 9110, section 10.2.3) asks to wait, from `now` on; null when it says nothing. */
export function retryAfterMs(value: string | null, now: Date): number | null {
  if (value === null) return null;
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  // Date.parse makes a year of any number.
  const date = value.endsWith(' GMT') ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - now.getTime());
}
