import { parseArgs } from 'node:util';

/** What can be asked for on the command line. */
export interface TrafficCommand {
  /** Without a slash at the end. */
  readonly url: string;
  /** Requests a second. */
  readonly rate: number;
  /** Null: until it is stopped. */
  readonly seconds: number | null;
}

export const trafficUsage =
  'usage: npm run traffic -- [--rate 1..5000] [--url http://localhost:8080] [--seconds 1..86400]\n';

/** @returns null when that is no command */
export function parseTrafficCommand(args: readonly string[]): TrafficCommand | null {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        rate: { type: 'string', default: '50' },
        url: { type: 'string', default: 'http://localhost:8080' },
        seconds: { type: 'string' },
      },
    });
    const rate = Number(values.rate);
    const seconds = values.seconds === undefined ? null : Number(values.seconds);
    const url = new URL(values.url);
    const isRate = Number.isFinite(rate) && rate >= 1 && rate <= 5_000;
    const isDuration = seconds === null || (Number.isInteger(seconds) && seconds >= 1 && seconds <= 86_400);
    if (!isRate || !isDuration || !/^https?:$/.test(url.protocol)) return null;
    return { url: url.href.replace(/\/$/, ''), rate, seconds };
  } catch {
    return null;
  }
}
