import { setTimeout as delay } from 'node:timers/promises';
import { createHttpExchange } from './http-exchange.ts';
import { KnownUsers } from './known-users.ts';
import { runOpenLoop } from './open-loop.ts';
import { OutcomeCounts } from './outcome-counts.ts';
import { TrafficClients } from './traffic-clients.ts';
import type { TrafficCommand } from './traffic-command.ts';
import { secondLine, summaryLines } from './traffic-lines.ts';

/** More than the service takes in the worst case it promises: line, query and enrichment. */
const timeoutMs = 10_000;
const knownUsersMax = 10_000;
const inFlightMax = 2_000;
const secondMs = 1_000;

/**
 * Sends what clients send, and writes a line a second and a summary. It goes on while the service is away, and says so.
 *
 * @param command.seconds from when the service answers; before that it is waited for as long at most
 * @param options.signal ends it; the last answers are waited for
 * @returns the exit code: 1 when the service has never answered as it should, else 0
 */
export async function runTraffic(
  { url, rate, seconds }: TrafficCommand,
  { signal, print }: { readonly signal: AbortSignal; readonly print: (line: string) => void },
): Promise<number> {
  const untilEnd = () =>
    seconds === null ? signal : AbortSignal.any([signal, AbortSignal.timeout(seconds * secondMs)]);
  const users = new KnownUsers(knownUsersMax);
  const clientsUntil = (given?: AbortSignal) =>
    new TrafficClients(createHttpExchange(url, timeoutMs, given), { users, random: Math.random });
  const waiting = untilEnd();
  if (!(await meetsUsers(clientsUntil(waiting), { url, signal: waiting, print }))) return 1;
  const clients = clientsUntil();

  print(`${rate} requests a second to ${url}, about ${users.count} users. Ctrl-C stops it.`);
  const total = new OutcomeCounts();
  let second = new OutcomeCounts();
  const beganAt = performance.now();
  const timer = setInterval(() => {
    print(secondLine(second, new Date()));
    second = new OutcomeCounts();
  }, secondMs);
  try {
    await runOpenLoop({
      rate,
      inFlightMax,
      signal: untilEnd(),
      send: async () => {
        const { kind, outcome } = await clients.sendAny();
        second.record(kind, outcome);
        total.record(kind, outcome);
      },
      onUnsent: () => {
        second.unsent += 1;
        total.unsent += 1;
      },
    });
  } finally {
    clearInterval(timer);
  }
  for (const line of summaryLines(total, (performance.now() - beganAt) / secondMs)) print(line);
  return 0;
}

/** Waits until the service answers. @returns false when the signal came first */
async function meetsUsers(
  clients: TrafficClients,
  {
    url,
    signal,
    print,
  }: { readonly url: string; readonly signal: AbortSignal; readonly print: (line: string) => void },
): Promise<boolean> {
  let told: string | null = null;
  while (!signal.aborted) {
    const problem = await clients.meetUsers();
    if (problem === null) return true;
    if (signal.aborted) break;
    if (problem !== told) print(`${url} does not answer as it should (${problem}); asking again each second.`);
    told = problem;
    await delay(secondMs, undefined, { signal }).catch(() => {});
  }
  return false;
}
