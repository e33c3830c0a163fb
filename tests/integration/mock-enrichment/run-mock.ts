import { afterEach } from '@jest/globals';
import type { ControlState } from '../../../mock-enrichment/mock-control.ts';
import type { RequestLogSnapshot } from '../../../mock-enrichment/request-log.ts';
import {
  type MockEnrichment,
  type MockEnrichmentOptions,
  startMockEnrichment,
} from '../../../mock-enrichment/start-mock-enrichment.ts';

export type LiveSnapshot = RequestLogSnapshot & { readonly control: ControlState };

const running: MockEnrichment[] = [];

/** Starts a mock on a free port and stops it after the test. */
export async function runMock(options: Partial<MockEnrichmentOptions> = {}): Promise<MockEnrichment> {
  const mock = await startMockEnrichment({ port: 0, ...options });
  running.push(mock);
  return mock;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map(async (mock) => await mock.stop()));
});

/** Asks for a user's enrichment. */
export async function askFor(mock: { readonly url: string }, userId: string, init?: RequestInit): Promise<Response> {
  return await fetch(`${mock.url}/enrichment/${userId}`, init);
}

/** Asks for a user's enrichment and answers the status alone. */
export async function statusOf(mock: { readonly url: string }, userId = 'ada'): Promise<number> {
  const response = await askFor(mock, userId);
  await response.arrayBuffer();
  return response.status;
}

/** Sends `PUT /control` with a JSON body, or with a text as it stands. */
export async function putControl(mock: { readonly url: string }, body: unknown): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return await fetch(`${mock.url}/control`, { method: 'PUT', body: text });
}

/** Follows the live stream until a snapshot satisfies the condition, and answers that snapshot. */
export async function snapshotWhere(
  mock: { readonly url: string },
  condition: (snapshot: LiveSnapshot) => boolean,
): Promise<LiveSnapshot> {
  const leave = new AbortController();
  const response = await fetch(`${mock.url}/control/requests/stream`, { signal: leave.signal });
  try {
    for await (const snapshot of snapshotsOf(response)) {
      if (condition(snapshot)) return snapshot;
    }
  } finally {
    leave.abort();
  }
  throw new Error('The stream has ended before the condition was met.');
}

/** The snapshots of a live stream, as they come. */
export async function* snapshotsOf(response: Response): AsyncGenerator<LiveSnapshot> {
  if (response.body === null) throw new Error('The answer has no body.');
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data === undefined) continue;
      const snapshot: LiveSnapshot = JSON.parse(data);
      yield snapshot;
    }
  }
}
