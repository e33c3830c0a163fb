import { setTimeout as pause } from 'node:timers/promises';
import type { UserBody } from './acceptance/target.ts';

export interface Reading {
  /** Monotonic milliseconds. */
  readonly sentAtMs: number;
  readonly durationMs: number;
  /** The status; or why there was no answer. */
  readonly result: string;
  /** How many versions it is behind the last one whose write had been answered when it was sent. */
  readonly versionsBehind: number;
}

/** Clients that read users, the first of them most, and change some, for as long as they are let. */
export interface VersionedTraffic {
  readonly readings: readonly Reading[];
  /** What writes came to that were not answered with 200. */
  readonly failedWrites: readonly string[];
  stop(): Promise<void>;
}

const readers = 8;
const writers = 2;
/** Between two requests of one client. */
const thinkMs = { read: 4, write: 25 };

export function startVersionedTraffic(url: string, users: readonly UserBody[]): VersionedTraffic {
  const readings: Reading[] = [];
  const failedWrites: string[] = [];
  /** The last version of each user whose write was answered. */
  const floors = new Map(users.map(({ id, version }) => [id, version]));
  const stopping = new AbortController();

  /** Every rank is chosen about as often as all ranks from it to its double: Zipf's law. */
  const chooseId = (): string => {
    const rank = Math.floor((users.length + 1) ** Math.random()) - 1;
    return users[rank]?.id ?? '';
  };
  const send = async (id: string, init?: RequestInit): Promise<{ result: string; version: number }> => {
    try {
      const answer = await fetch(`${url}/api/users/${id}`, { signal: AbortSignal.timeout(10_000), ...init });
      const { version } = (await answer.json()) as Partial<UserBody>;
      return { result: `${answer.status}`, version: version ?? 0 };
    } catch (error) {
      return { result: String(error), version: 0 };
    }
  };

  async function reader(): Promise<void> {
    while (!stopping.signal.aborted) {
      const id = chooseId();
      const floor = floors.get(id) ?? 0;
      const sentAtMs = performance.now();
      const { result, version } = await send(id);
      const versionsBehind = result === '200' ? Math.max(0, floor - version) : 0;
      readings.push({ sentAtMs, durationMs: performance.now() - sentAtMs, result, versionsBehind });
      await pause(thinkMs.read);
    }
  }

  async function writer(): Promise<void> {
    for (let number = 0; !stopping.signal.aborted; number++) {
      const id = chooseId();
      const { result, version } = await send(id, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ displayName: `Number ${number}` }),
      });
      if (result === '200') floors.set(id, Math.max(version, floors.get(id) ?? 0));
      else failedWrites.push(result);
      await pause(thinkMs.write);
    }
  }

  const running = Promise.all([...Array.from({ length: readers }, reader), ...Array.from({ length: writers }, writer)]);
  return {
    readings,
    failedWrites,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
