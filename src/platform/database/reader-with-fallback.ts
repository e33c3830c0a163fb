import type { Scheduler } from '../scheduler.ts';
import type { DatabaseReader } from './database-reader.ts';
import type { Statements } from './statements.ts';

const retryMs = 200;

/**
 * Reads on a connection of its own. What fails there is asked by the way of the requests, too, as long as that is open:
 * the server may refuse one more connection, or take longer than the own one waits, while the requests are served. The
 * own connection is tried on meanwhile, since it learns first that a server is back. One query at a time goes that way.
 *
 * @param options.mayAskRequests whether the way of the requests leads to the database
 */
export function createReaderWithFallback(options: {
  readonly own: DatabaseReader;
  readonly requests: DatabaseReader;
  readonly mayAskRequests: () => boolean;
  readonly scheduler: Scheduler;
}): DatabaseReader {
  const { own, requests, mayAskRequests, scheduler } = options;
  let isAskingRequests = false;

  async function readEitherWay<T>(query: (statements: Statements) => Promise<T>): Promise<T> {
    isAskingRequests = true;
    const end = new AbortController();
    const theirs = requests.read(query).finally(() => {
      isAskingRequests = false;
      end.abort();
    });
    return await Promise.race([theirs, readOn(query, end.signal)]);
  }

  /** Tries again and again. Without an end, this loses to whoever has aborted `signal`. */
  async function readOn<T>(query: (statements: Statements) => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      await pause();
      if (signal.aborted) return await new Promise<never>(() => {});
      try {
        return await own.read(query);
      } catch {
        // The other way tells why.
      }
    }
  }

  async function pause(): Promise<void> {
    await new Promise<void>((resolve) => void scheduler.schedule(retryMs, resolve));
  }

  return {
    read: async (query) => {
      try {
        return await own.read(query);
      } catch (error) {
        if (!mayAskRequests() || isAskingRequests) throw error;
        return await readEitherWay(query);
      }
    },
  };
}
