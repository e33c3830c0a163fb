import { randomBytes } from 'node:crypto';
import { expect } from '@jest/globals';
import type { Engine } from '../../helpers/engines.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../../helpers/otlp-receiver.ts';
import { answerJson, type ScriptedProvider, startScriptedProvider } from '../../helpers/scripted-provider.ts';
import { type RunningProfiles, startProfiles } from '../../helpers/start-profiles.ts';

/** The service between a provider that does what the test says and a receiver of its traces. */
export interface TracingFixture {
  readonly receiver: OtlpReceiver;
  readonly provider: ScriptedProvider;
  readonly service: RunningProfiles;
  /** Sends a request within a trace of its own, and waits for the whole answer. */
  ask(path: string, options?: { method?: string; body?: object; headers?: Record<string, string> }): Promise<Asked>;
  close(): Promise<void>;
}

export interface Asked {
  readonly status: number;
  readonly traceId: string;
}

export async function startTracing(engine: Engine, env: Record<string, string> = {}): Promise<TracingFixture> {
  const receiver = await startOtlpReceiver();
  const provider = await startScriptedProvider(answerJson({ score: 1 }));
  const service = await startProfiles(engine, {
    ENRICHMENT_URL: provider.url,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    SHUTDOWN_GRACE_MS: '8000',
    // So that each reading shows how it is done.
    CACHE_MEMORY_ENTRIES_MAX: '0',
    ...env,
  });
  return {
    receiver,
    provider,
    service,
    ask: async (path, { method = 'GET', body, headers = {} } = {}) => {
      const { traceId, traceparent } = newTrace();
      const response = await fetch(`${service.url}${path}`, {
        method,
        headers: { traceparent, 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      await response.arrayBuffer();
      return { status: response.status, traceId };
    },
    close: async () => {
      await service.stop();
      await provider.close();
      await receiver.close();
    },
  };
}

/** A `traceparent` that asks for a trace to be recorded. */
export function newTrace(): { traceId: string; traceparent: string } {
  const traceId = randomBytes(16).toString('hex');
  return { traceId, traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` };
}

/** Creates a user outside of any trace that the tests look at. @returns its id */
export async function createUser({ ask }: TracingFixture, id: string): Promise<string> {
  const { status } = await ask('/api/users', { method: 'POST', body: { id, name: id, email: `${id}@example.com` } });
  expect(status).toBe(201);
  return id;
}
