import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ChildProcess, freePort, repositoryRoot, startProcess } from '../helpers/child-process.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../helpers/otlp-receiver.ts';
import { answer, type ScriptedProvider, startScriptedProvider } from '../helpers/scripted-provider.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;

let folder: string;
let receiver: OtlpReceiver;
let provider: ScriptedProvider;
let service: ChildProcess;
let url: string;

async function askForEnrichedProfile(): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ id: 'ada', name: 'Ada', email: 'ada@example.com' });
  await fetch(`${url}/api/users`, { method: 'POST', headers, body });
  const response = await fetch(`${url}/api/users/ada/enriched`, { headers: { traceparent } });
  expect(await response.json()).toMatchObject({ enrichedDataStatus: 'unavailable' });
}

describe('The service as a process, with OTEL_EXPORTER_OTLP_ENDPOINT', () => {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'traces-'));
    receiver = await startOtlpReceiver();
    provider = await startScriptedProvider(answer(400));
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    service = startProcess([process.execPath, join(repositoryRoot, 'src/main/local.ts')], {
      env: {
        PORT: String(port),
        DATABASE_URL: `sqlite:${join(folder, 'profiles.sqlite')}`,
        ENRICHMENT_URL: provider.url,
        SHUTDOWN_DRAIN_MS: '0',
        OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.url}/`,
        OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20secret',
        OTEL_SERVICE_NAME: 'renamed',
        OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      },
    });
    await service.printed(/Database ready/);
  });

  afterEach(async () => {
    await service.kill('SIGKILL');
    await provider.close();
    await receiver.close();
    await rm(folder, { recursive: true });
  });

  it('names the trace in each line of a request, and sends the last spans when it is stopped', async () => {
    await askForEnrichedProfile();
    expect(await service.kill('SIGTERM')).toMatchObject({ code: 0 });

    const lines = service.output.split('\n').filter((line) => line.startsWith('{'));
    const ofTrace = lines
      .map((line): Record<string, unknown> => JSON.parse(line))
      .filter((line) => line['traceId'] === traceId);
    expect(ofTrace.map((line) => line['msg'])).toEqual(['Enrichment call failed', 'Request answered']);
    // Lines of the process itself belong to none.
    expect(lines.filter((line) => /Listening|Stop/.test(line) && line.includes('traceId'))).toEqual([]);

    const names = receiver.spans.filter((span) => span.traceId === traceId).map(({ name }) => name);
    expect(names).toContain('GET /api/users/:id/enriched');
  });

  it('heeds the standard variables for headers and for what it is called', async () => {
    await askForEnrichedProfile();
    await service.kill('SIGTERM');
    expect(receiver.exports[0]).toMatchObject({ path: '/v1/traces', headers: { authorization: 'Bearer secret' } });
    expect(receiver.spans[0]?.resource).toMatchObject({
      'service.name': 'renamed',
      'service.version': expect.any(String),
      'deployment.environment.name': 'test',
    });
  });

  it('stops in time, and with 0, though the receiver hangs', async () => {
    receiver.answer(() => {});
    await askForEnrichedProfile();
    const exit = await service.kill('SIGTERM');
    expect(exit.code).toBe(0);
    expect(exit.afterMs).toBeLessThan(3_000);
  });
});

describe('The SDK of OpenTelemetry', () => {
  /** Whether it is loaded by a process that imports `module`. */
  async function isLoadedBy(module: string): Promise<boolean> {
    const script = `
      import { registerHooks } from 'node:module';
      const loaded = new Set();
      registerHooks({ load: (url, context, next) => (loaded.add(url), next(url, context)) });
      await import(${JSON.stringify(join(repositoryRoot, module))});
      console.log([...loaded].some((url) => /@opentelemetry.(sdk-trace|core|exporter)/.test(url)) ? 'yes' : 'no');
      process.exit();`;
    const child = startProcess([process.execPath, '--input-type=module', '--eval', script]);
    expect(await child.exited).toMatchObject({ code: 0 });
    return child.output.trim() === 'yes';
  }

  it('is not loaded by a service that makes no traces', async () => {
    expect(await isLoadedBy('src/profiles/index.ts')).toBe(false);
    // The negative control.
    expect(await isLoadedBy('src/platform/telemetry/open-telemetry-tracing.ts')).toBe(true);
  });
});
