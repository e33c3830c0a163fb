import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { engines } from '../../helpers/engines.ts';
import { eventually } from '../../helpers/eventually.ts';
import { conformingAgent, type ConformingAgent } from '../../helpers/openapi-conformance.ts';
import { type RunningProfiles, startProfiles } from '../../helpers/start-profiles.ts';
import { answerOf, Listening } from './ops-scene.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

const token = 'operators-token-of-the-test';
const withToken = { authorization: `Bearer ${token}` };

describe('/ops', () => {
  let profiles: RunningProfiles;
  let api: ConformingAgent;
  const open: Listening[] = [];

  beforeAll(async () => {
    profiles = await startProfiles(sqlite, { OPS_CONTROLS: 'true' });
    api = conformingAgent(profiles.url);
  });
  afterEach(async () => {
    for (const each of open.splice(0)) each.leave();
    await api.put('/ops/breakers/enrichment').send({ action: 'reset', by: 'the test' });
    profiles.mock.control.change({ mode: 'healthy' });
  });
  afterAll(async () => await profiles.stop());

  const listen = async (headers: Record<string, string> = {}): Promise<Listening> => {
    const listening = await Listening.to(`${profiles.url}/ops/resilience/stream`, headers);
    open.push(listening);
    return listening;
  };
  const control = (action: string, by = 'Ada') => api.put('/ops/breakers/enrichment').send({ action, by });

  it('tells how all is, and behind an earlier snapshot only what is new', async () => {
    await api.get('/api/users/nobody/enriched');
    const first = await api.get('/ops/resilience');
    expect(first.body).toMatchObject({ worker: null, controls: { breakers: true, provider: true } });
    const again = await api.get(`/ops/resilience?since=${first.body.id}`);
    expect(again.body.id).toBeGreaterThan(first.body.id);
    expect(again.body.calls).toEqual([]);
    expect((await api.get('/ops/resilience?since=x')).status).toBe(400);
    expect((await api.get('/ops/resilience?until=1')).status).toBe(400);
  });

  it('streams a snapshot at once and one a second', async () => {
    const listening = await listen();
    const { headers, statusCode } = listening.response;
    expect([statusCode, headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8']);
    await eventually(() => expect(listening.events.length).toBeGreaterThan(0), { timeoutMs: 500 });
    await eventually(() => expect(listening.events.length).toBe(3));

    const at = listening.events.map(({ data }) => Number(data['at']));
    expect(Number(at[2]) - Number(at[1])).toBeGreaterThan(900);
    expect(Number(at[2]) - Number(at[1])).toBeLessThan(1_500);
    expect(listening.events.map(({ id, event }) => [Number(id), event])).toEqual(
      listening.events.map(({ data }) => [data.id, 'snapshot']),
    );
  });

  it('streams a snapshot at once when a breaker changes', async () => {
    const listening = await listen();
    await eventually(() => expect(listening.events.length).toBe(1));
    const startedAt = performance.now();
    expect((await control('open')).body).toMatchObject({ state: 'open', isForced: true, nextProbeInMs: null });
    await eventually(() =>
      expect(listening.last.data['changes']).toContainEqual(
        expect.objectContaining({ breaker: 'enrichment', from: 'closed', to: 'open', by: 'Ada' }),
      ),
    );
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect((await control('close')).body).toMatchObject({ state: 'closed', isForced: false });
  });

  it('resumes behind the last event that a listener had', async () => {
    const before = await listen();
    await eventually(() => expect(before.events.length).toBe(1));
    before.leave();
    const has = before.last.data;
    const resumed = await listen({ 'last-event-id': String(has.id) });
    await eventually(() => expect(resumed.events.length).toBe(1));
    const anew = await listen({ 'last-event-id': 'another-server' });
    await eventually(() => expect(anew.events.length).toBe(1));

    expect(resumed.last.data.id).toBeGreaterThan(Number(has.id));
    const points = ({ last }: Listening) => (last.data['points'] as unknown[]).length;
    expect(points(resumed)).toBeLessThanOrEqual(1);
    expect(points(anew)).toBeGreaterThanOrEqual(points(before));
  });

  it('has 32 listeners at most, and tells further ones when to come back', async () => {
    for (let count = 0; count < 32; count += 1) await listen();
    const refused = await api.get('/ops/resilience/stream');
    expect([refused.status, refused.body.code, refused.headers['retry-after']]).toEqual([
      503,
      'too-many-listeners',
      '5',
    ]);
    open.pop()?.leave();
    await eventually(async () => expect((await listen()).response.statusCode).toBe(200));
  });

  it('answers HEAD for the stream without one', async () => {
    expect((await api.head('/ops/resilience/stream')).status).toBe(200);
  });

  it('counts a listener that leaves as answered, neither as abandoned nor as slow', async () => {
    const listening = await listen();
    await eventually(() => expect(listening.events.length).toBe(1));
    const { response } = listening;
    listening.leave();
    await eventually(() =>
      expect(profiles.logged).toContainEqual(
        expect.objectContaining({
          level: 'debug',
          msg: 'Stream ended',
          status: 200,
          requestId: response.headers['x-request-id'],
        }),
      ),
    );
    const { text } = await api.get('/metrics');
    const ofStream = text.split('\n').filter((line) => line.includes('/ops/resilience/stream'));
    expect(ofStream.some((line) => /^http_requests_total\{.*method="GET".*status="200".*\} [1-9]/.test(line))).toBe(
      true,
    );
    expect(ofStream.filter((line) => line.startsWith('http_requests_abandoned_total'))).toEqual([]);
    // Those that were refused, and HEAD, ended by themselves.
    const slowest = ofStream.find((line) => /^http_request_duration_seconds_sum\{.*method="GET"/.test(line)) ?? '0';
    expect(Number(slowest.split(' ').at(-1))).toBeLessThan(0.5);
  });

  it('holds breakers, and logs who did what', async () => {
    const { id } = (await api.post('/api/users').send({ name: 'Ada', email: 'ada@example.com' })).body;
    await control('open', 'Grace Hopper');
    const { count } = profiles.mock.control.requests();
    const answer = await api.get(`/api/users/${id}/enriched`);
    expect(answer.body.enrichedDataStatus).toBe('unavailable');
    expect(profiles.mock.control.requests().count).toBe(count);
    await control('reset', 'Grace Hopper');
    expect((await api.get(`/api/users/${id}/enriched`)).body.enrichedDataStatus).toBe('available');

    const lines = profiles.logged.filter(({ msg }) => msg === 'Operator controls a breaker');
    expect(lines).toContainEqual(
      expect.objectContaining({ breaker: 'enrichment', action: 'open', operator: 'Grace Hopper' }),
    );
    expect(lines.every((line) => typeof line['requestId'] === 'string' && !('withheld' in line))).toBe(true);
  });

  it.each([
    ['another action', { action: 'explode', by: 'Ada' }],
    ['nobody', { action: 'open' }],
    ['a blank name', { action: 'open', by: '  ' }],
    ['a name of 65 characters', { action: 'open', by: 'a'.repeat(65) }],
    ['a name that clears the screen', { action: 'open', by: '\u001b[2J' }],
    ['a name that runs backwards', { action: 'open', by: '\u202eada' }],
    ['another field', { action: 'open', by: 'Ada', for: 5 }],
  ])('refuses a control with %s', async (_what, body) => {
    const answer = await api.put('/ops/breakers/enrichment').send(body);
    expect([answer.status, answer.body.code]).toEqual([400, 'validation-failed']);
  });

  it('takes controls as JSON only, which pages of other origins cannot send', async () => {
    for (const path of ['/ops/breakers/enrichment', '/ops/provider']) {
      const answer = await fetch(`${profiles.url}${path}`, {
        method: 'PUT',
        headers: { 'content-type': 'text/plain' },
        body: JSON.stringify({ action: 'open', by: 'x' }),
      });
      expect(answer.status).toBe(415);
    }
  });

  it('tells no page of another origin that it may control', async () => {
    for (const path of ['/ops/breakers/enrichment', '/ops/provider']) {
      const preflight = await fetch(profiles.url + path, {
        method: 'OPTIONS',
        headers: {
          Origin: 'https://elsewhere.example',
          'Access-Control-Request-Method': 'PUT',
          'Access-Control-Request-Headers': 'content-type',
        },
      });
      expect([...preflight.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });

  it.each(['provider', 'cache'])('has no breaker of the name %s here', async (name) => {
    const answer = await fetch(`${profiles.url}/ops/breakers/${name}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ action: 'open', by: 'Ada' }),
    });
    expect([answer.status, await answer.json()]).toEqual([404, expect.objectContaining({ code: 'route-not-found' })]);
  });

  it('passes on how the mock provider behaves', async () => {
    expect((await api.get('/ops/provider')).body).toMatchObject({ mode: 'healthy', failNext: 0 });
    const changed = await api.put('/ops/provider').send({ mode: 'flaky', failureRate: 0.25 });
    expect(changed.body).toMatchObject({ mode: 'flaky', failureRate: 0.25 });
    expect(profiles.mock.control.read().mode).toBe('flaky');
    expect(profiles.logged).toContainEqual(
      expect.objectContaining({ msg: 'Operator controls the mock provider', mode: 'flaky' }),
    );
    expect((await api.put('/ops/provider').send({})).status).toBe(400);
    expect((await api.put('/ops/provider').send({ mode: 'sleepy' })).status).toBe(400);
  });
});

describe('/ops as it is by default', () => {
  it('has nothing that changes anything', async () => {
    const profiles = await startProfiles(sqlite);
    const api = conformingAgent(profiles.url);
    try {
      for (const answer of [
        await api.put('/ops/breakers/enrichment').send({ action: 'open', by: 'Ada' }),
        await api.get('/ops/provider'),
        await api.put('/ops/provider').send({ mode: 'failing' }),
      ]) {
        expect([answer.status, answer.body.code]).toEqual([404, 'route-not-found']);
      }
      expect((await api.get('/ops/resilience')).body.controls).toEqual({ breakers: false, provider: false });
      expect(profiles.mock.control.read().mode).toBe('healthy');
    } finally {
      await profiles.stop();
    }
  });
});

describe('/ops with a token', () => {
  it('is for its bearer, and the page is for all', async () => {
    const profiles = await startProfiles(sqlite, { OPS_TOKEN: token, OPS_CONTROLS: 'true' });
    const api = conformingAgent(profiles.url);
    try {
      const shut = [
        await api.get('/ops/resilience'),
        await api.get('/ops/resilience/stream'),
        await api.put('/ops/breakers/enrichment').send({ action: 'open', by: 'Ada' }),
        await api.get('/ops/provider'),
        await api.put('/ops/provider').send({ mode: 'failing' }),
      ];
      expect(shut.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
      expect((await api.get('/ops/resilience').set(withToken)).body.breakers[0].state).toBe('closed');
      const stream = await answerOf(`${profiles.url}/ops/resilience/stream`, withToken);
      expect(stream.statusCode).toBe(200);
      stream.destroy();
      expect((await api.get('/dashboard')).status).toBe(200);
    } finally {
      await profiles.stop();
    }
  });
});

describe('/ops/provider of a provider that is not the mock', () => {
  it('says that it takes no controls', async () => {
    const profiles = await startProfiles(sqlite, { OPS_CONTROLS: 'true', ENRICHMENT_URL: 'http://127.0.0.1:9' });
    const api = conformingAgent(profiles.url);
    try {
      const answer = await api.get('/ops/provider');
      expect([answer.status, answer.body.code]).toEqual([502, 'provider-not-controllable']);
      expect((await api.put('/ops/provider').send({ mode: 'failing' })).status).toBe(502);
    } finally {
      await profiles.stop();
    }
  });
});

describe('A stop with somebody who watches', () => {
  it('says goodbye and is not held up', async () => {
    const profiles = await startProfiles(sqlite, { SHUTDOWN_GRACE_MS: '10000' });
    const listening = await Listening.to(`${profiles.url}/ops/resilience/stream`);
    await eventually(() => expect(listening.events.length).toBe(1));
    const startedAt = performance.now();
    await profiles.stop();

    expect(performance.now() - startedAt).toBeLessThan(1_000);
    await eventually(() => expect(listening.hasEnded).toBe(true));
    expect(listening.last.event).toBe('end');
    expect(profiles.logged.filter(({ msg }) => msg === 'Requests were cut at the end of the grace')).toEqual([]);
  });
});
