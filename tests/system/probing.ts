import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createHttpClient, type HttpClient } from './acceptance/http-client.ts';
import { tally } from './acceptance/target.ts';

/** Asks for one thing again and again, each time on a connection of its own. */
export interface Probing {
  stop(): Promise<void>;
  /** What the answers were, or why there was none, and how long they took. */
  result(): { readonly statuses: Record<string, number>; readonly p99Ms: number; readonly maxMs: number };
}

const everyMs = 50;

export function startProbing(api: HttpClient, path: string): Probing {
  const seen: { readonly status: number | string; readonly durationMs: number }[] = [];
  const stopping = new AbortController();
  const running = (async () => {
    while (!stopping.signal.aborted) {
      const sentAt = performance.now();
      const status = await api.send('GET', path).then(
        (answer) => answer.status,
        (error: Error) => error.message,
      );
      seen.push({ status, durationMs: performance.now() - sentAt });
      await pause(everyMs);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
    result: () => {
      const sorted = seen.map(({ durationMs }) => durationMs).toSorted((one, other) => one - other);
      return {
        statuses: tally(seen.map(({ status }) => status)),
        p99Ms: sorted[Math.floor((sorted.length - 1) * 0.99)] ?? Number.NaN,
        maxMs: sorted.at(-1) ?? Number.NaN,
      };
    },
  };
}

/**
 * Probes a server in the test's own process that has nothing else to do. As long as that takes, the machine or the test
 * had no time for anybody.
 */
export async function startControl(): Promise<Probing> {
  const server = createServer((_req, res) => void res.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const probing = startProbing(createHttpClient(`http://127.0.0.1:${port}`), '/');
  return {
    result: () => probing.result(),
    stop: async () => {
      await probing.stop();
      server.close();
      await once(server, 'close');
    },
  };
}
