import { Agent, request } from 'node:http';

export interface Load {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Kept open; each has one request under way at any time (a closed loop). */
  readonly connections: number;
  readonly durationMs: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Of each request, in ascending order. */
  readonly latenciesMs: readonly number[];
}

/**
 * Asks for one address as fast as it is answered.
 *
 * @throws Error at the first answer that is not 200
 */
export async function runLoad({ url, headers = {}, connections, durationMs }: Load): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latenciesMs: number[] = [];
  const beganAt = performance.now();

  async function ask(): Promise<void> {
    const askedAt = performance.now();
    await new Promise<void>((resolve, reject) => {
      const sent = request(url, { agent, headers }, (response) => {
        response.once('end', () => {
          if (response.statusCode === 200) resolve();
          else reject(new Error(`${url} was answered with ${response.statusCode}.`));
        });
        response.once('error', reject);
        response.resume();
      });
      sent.once('error', reject);
      sent.end();
    });
    latenciesMs.push(performance.now() - askedAt);
  }

  async function askUntilEnd(): Promise<void> {
    while (performance.now() - beganAt < durationMs) await ask();
  }

  try {
    await Promise.all(Array.from({ length: connections }, askUntilEnd));
  } finally {
    agent.destroy();
  }
  const seconds = (performance.now() - beganAt) / 1_000;
  return {
    requests: latenciesMs.length,
    requestsPerSecond: latenciesMs.length / seconds,
    latenciesMs: latenciesMs.toSorted((a, b) => a - b),
  };
}
