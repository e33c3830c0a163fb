const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** @param {number} at milliseconds since 1970 */
export function timeOfDay(at) {
  return clock.format(at);
}

/** @param {number} perSecond */
export function rate(perSecond) {
  return `${perSecond < 10 ? perSecond.toFixed(1) : count(Math.round(perSecond))}/s`;
}

/** @param {number} share 0 to 1 */
export function percentage(share) {
  const percent = share * 100;
  // What is not nothing must not look like nothing.
  if (percent > 0 && percent < 0.1) return '<0.1 %';
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

/** @param {number | null} milliseconds null: there is nothing that it would be of */
export function duration(milliseconds) {
  if (milliseconds === null) return '–';
  if (milliseconds < 9.95) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

/** @param {number} number */
export function count(number) {
  if (number < 10_000) return String(number);
  return number < 999_500 ? `${(number / 1000).toFixed(number < 99_950 ? 1 : 0)}k` : `${(number / 1e6).toFixed(1)}M`;
}

/** @param {number} seconds */
export function uptime(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes === 0) return `${Math.floor(seconds)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours === 0) return `${minutes} min`;
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}
