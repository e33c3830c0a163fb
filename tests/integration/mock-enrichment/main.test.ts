import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import { askFor, putControl, runMock, snapshotWhere } from './run-mock.ts';

const MAIN = new URL('../../../mock-enrichment/main.ts', import.meta.url).pathname;
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function runMain(variables: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, [MAIN], { env: { MOCK_PORT: '0', HOST: '127.0.0.1', ...variables } });
  children.push(child);
  const exit = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  return { child, exit, stderr: text(child.stderr) };
}

/** Waits for the line that says where it is. */
async function startMain(variables: NodeJS.ProcessEnv = {}) {
  const { child, exit } = runMain(variables);
  const [line] = await once(child.stdout, 'data');
  return { child, exit, line: String(line), url: /http:\S+(?=\/\n)/.exec(String(line))?.[0] ?? '' };
}

describe('mock-enrichment/main.ts', () => {
  it('prints one line with the address of its page and takes its settings from the environment', async () => {
    const { line, url } = await startMain({ MOCK_MODE: 'flaky', MOCK_FAILURE_RATE: '0.3', MOCK_LATENCY_MS: '250' });

    const page = await fetch(`${url}/`);
    const state = await (await fetch(`${url}/control`)).json();

    expect(line).toMatch(/^Mock enrichment service \(flaky\): http:\/\/127\.0\.0\.1:\d+\/\n$/);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(state).toEqual({ mode: 'flaky', failureRate: 0.3, latencyMs: 250, failNext: 0 });
  });

  it('takes an empty variable for an unset one', async () => {
    const { url } = await startMain({ MOCK_MODE: '', MOCK_FAILURE_RATE: '', MOCK_LATENCY_MS: '' });

    const state = await (await fetch(`${url}/control`)).json();

    expect(state).toEqual({ mode: 'healthy', failureRate: 0.5, latencyMs: 2000, failNext: 0 });
  });

  it('exits with 78 and names every problem of its environment', async () => {
    const { exit, stderr } = runMain({
      MOCK_PORT: '99999',
      MOCK_MODE: 'sleepy',
      MOCK_FAILURE_RATE: '2',
      MOCK_LATENCY_MS: 'soon',
    });

    expect(await exit).toEqual({ code: 78, signal: null });
    const lines = (await stderr).trimEnd().split('\n');
    expect(lines).toEqual([
      'The configuration is invalid:',
      expect.stringContaining('MOCK_PORT must be'),
      expect.stringContaining('MOCK_MODE must be one of'),
      expect.stringContaining('MOCK_FAILURE_RATE must be'),
      expect.stringContaining('MOCK_LATENCY_MS must be'),
    ]);
  });

  it.each([
    ['SIGTERM', 'hanging'],
    ['SIGINT', 'hanging'],
    ['SIGTERM', 'slow'],
  ] as const)('exits with 0 on %s at once, with a live stream and a %s request open', async (signal, mode) => {
    const { child, exit, url } = await startMain({ MOCK_MODE: mode, MOCK_LATENCY_MS: '60000' });
    const unanswered = askFor({ url }, 'ada');
    await snapshotWhere({ url }, ({ count }) => count === 1);
    const stream = await fetch(`${url}/control/requests/stream`);
    const outcomes = Promise.allSettled([unanswered, stream.text()]);

    child.kill(signal);

    expect(await exit).toEqual({ code: 0, signal: null });
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it.each([
    ['a port in use', async () => ({ MOCK_PORT: String((await runMock()).port) }), 'the port is in use'],
    ['an address of another machine', async () => ({ HOST: '192.0.2.1' }), 'EADDRNOTAVAIL'],
  ])('exits with 1 and one line for %s', async (_case, arrange, reason) => {
    const { exit, stderr } = runMain(await arrange());

    expect(await exit).toEqual({ code: 1, signal: null });
    expect(await stderr).toMatch(/^Cannot listen on [\d.]+, port \d+: .+\n$/);
    expect(await stderr).toContain(reason);
  });

  it('survives a caller that hangs up in the middle of its body', async () => {
    const { child, exit, url } = await startMain();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write('PUT /control HTTP/1.1\r\nHost: mock\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n');
    // The interim answer says that the request has reached its handler, which now waits for the body.
    await once(socket, 'data');
    socket.resetAndDestroy();
    await once(socket, 'close');

    const response = await putControl({ url }, { mode: 'failing' });

    expect(response.status).toBe(200);
    child.kill('SIGTERM');
    expect(await exit).toEqual({ code: 0, signal: null });
  });
});
