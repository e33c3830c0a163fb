import { setTimeout as pause } from 'node:timers/promises';
import type { HttpAnswer, HttpClient } from './acceptance/http-client.ts';
import { newUser, type UserBody } from './acceptance/target.ts';

export interface Outcome {
  /** Monotonic milliseconds: when the request was sent. */
  readonly sentAtMs: number;
  readonly durationMs: number;
  /** The status, with the code where it is a problem; or why there was no answer. */
  readonly result: string;
  readonly retryAfter: string | undefined;
  /** Of the user to be created; undefined for a request that reads. */
  readonly email: string | undefined;
}

/** Clients that create and read users one after the other, for as long as they are let. */
export interface SteadyTraffic {
  readonly outcomes: readonly Outcome[];
  /** The users whose creation was acknowledged. */
  readonly created: readonly UserBody[];
  stop(): Promise<void>;
}

const clients = 6;
/** Between two requests of one client, so that the load is steady rather than all that the machine can do. */
const thinkMs = 20;

export function startSteadyTraffic(api: HttpClient, known: UserBody): SteadyTraffic {
  const outcomes: Outcome[] = [];
  const created: UserBody[] = [];
  const stopping = new AbortController();

  async function observe(send: () => Promise<HttpAnswer>, email?: string): Promise<void> {
    const sentAtMs = performance.now();
    const seen = await send().then(describeAnswer, (error: Error) => ({
      result: error.message,
      retryAfter: undefined,
    }));
    outcomes.push({ ...seen, email, sentAtMs, durationMs: performance.now() - sentAtMs });
  }

  function describeAnswer({ status, headers, json }: HttpAnswer): Pick<Outcome, 'result' | 'retryAfter'> {
    if (status === 201) created.push(json as UserBody);
    const { code } = json as { code?: string };
    return { result: [status, code].filter(Boolean).join(' '), retryAfter: headers['retry-after'] };
  }

  async function client(): Promise<void> {
    while (!stopping.signal.aborted) {
      const user = newUser();
      await observe(() => api.send('POST', '/api/users', { json: user }), String(user['email']));
      await observe(() => api.send('GET', `/api/users/${known.id}`));
      await pause(thinkMs);
    }
  }

  const running = Promise.all(Array.from({ length: clients }, client));
  return {
    outcomes,
    created,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
