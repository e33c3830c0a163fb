import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { newUser } from './acceptance/target.ts';

export interface Creation {
  /** `201`, another status with its problem, or why there was no answer. */
  readonly result: string;
  readonly requestId: string | undefined;
}

/** Clients that create users one after the other, each through one connection, which it keeps. */
export interface KeepAliveClients {
  /** What came of the requests of each client, in order. */
  readonly creations: readonly (readonly Creation[])[];
  /** Of all requests of all clients. */
  readonly results: readonly string[];
  stop(): Promise<void>;
}

const timeoutMs = 15_000;

export function startKeepAliveClients(url: string, { clients = 8, thinkMs = 15 } = {}): KeepAliveClients {
  const stopping = new AbortController();
  const creations = Array.from({ length: clients }, (): Creation[] => []);

  async function create(agent: Agent): Promise<Creation> {
    const outgoing = request(`${url}/api/users`, {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.timeout(timeoutMs),
    });
    outgoing.end(JSON.stringify(newUser()));
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    const body = await text(answer);
    const result = answer.statusCode === 201 ? '201' : `${answer.statusCode} ${body}`;
    return { result, requestId: String(answer.headers['x-request-id']) };
  }

  async function client(done: Creation[]): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!stopping.signal.aborted) {
      done.push(await create(agent).catch((error: Error) => ({ result: error.message, requestId: undefined })));
      await pause(thinkMs);
    }
    agent.destroy();
  }

  const running = Promise.all(creations.map(client));
  return {
    creations,
    get results() {
      return creations.flat().map(({ result }) => result);
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
