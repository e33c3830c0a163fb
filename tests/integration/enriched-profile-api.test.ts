import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { buildUserBody } from '../helpers/build-user.ts';
import { describeOnEachEngine, engines } from '../helpers/engines.ts';
import { eventually } from '../helpers/eventually.ts';
import { type ConformingAgent, conformingAgent } from '../helpers/openapi-conformance.ts';
import { answer, startScriptedProvider } from '../helpers/scripted-provider.ts';
import { type RunningProfiles, startProfiles } from '../helpers/start-profiles.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

let profiles: RunningProfiles;
let api: ConformingAgent;
const start = async (engine = sqlite, env: Record<string, string> = {}) => {
  profiles = await startProfiles(engine, env);
  api = conformingAgent(profiles.url);
};
const createUser = async (): Promise<string> => (await api.post('/api/users').send(buildUserBody())).body.id;
afterEach(() => profiles?.stop());

describeOnEachEngine('The enriched profile', (engine) => {
  beforeEach(() => start(engine));

  it('is the user with the data of the provider', async () => {
    const id = await createUser();
    const { body: user } = await api.get(`/api/users/${id}`);
    const response = await api.get(`/api/users/${id}/enriched`);
    expect(response.status).toBe(200);
    expect(response.body).toEqual({
      ...user,
      enrichedData: expect.objectContaining({ userId: id }),
      enrichedDataStatus: 'available',
    });
  });
});

describe('The enriched profile', () => {
  beforeEach(() => start(sqlite, { ENRICHMENT_ATTEMPT_TIMEOUT_MS: '100', ENRICHMENT_DEADLINE_MS: '1500' }));

  it.each([
    ['not-found', 'notFound', 1],
    ['failing', 'unavailable', 4],
    ['rate-limited', 'unavailable', 4],
    ['reset', 'unavailable', 4],
    ['hanging', 'unavailable', 4],
    ['slow', 'unavailable', 4],
    ['malformed', 'unavailable', 1],
  ] as const)('answers 200 with a provider that is %s: %s, after %d requests', async (mode, status, requests) => {
    const id = await createUser();
    profiles.mock.control.change({ mode, latencyMs: 5000 });
    const response = await api.get(`/api/users/${id}/enriched`);
    expect(response.status).toBe(200);
    expect(response.body).toMatchObject({ id, enrichedData: null, enrichedDataStatus: status });
    expect(profiles.mock.control.requests().count).toBe(requests);
  });

  it('has the data as they came, numbers that JavaScript would round included', async () => {
    const data = '{"accountId": 9007199254740993, "limit": 1e400}';
    const provider = await startScriptedProvider(answer(200, `\n${data}\n`));
    const other = await startProfiles(sqlite, { ENRICHMENT_URL: provider.url });
    try {
      const headers = { 'Content-Type': 'application/json' };
      const body = JSON.stringify(buildUserBody({ id: 'ada' }));
      await fetch(`${other.url}/api/users`, { method: 'POST', headers, body });
      const text = await (await fetch(`${other.url}/api/users/ada/enriched`)).text();
      expect(text).toContain(`,"enrichedData":${data},"enrichedDataStatus":"available"}`);
    } finally {
      await other.stop();
      await provider.close();
    }
  });

  it('of nobody is 404, and does not reach the provider', async () => {
    const response = await api.get('/api/users/nobody/enriched');
    expect([response.status, response.body.code]).toEqual([404, 'user-not-found']);
    expect(profiles.mock.control.requests().count).toBe(0);
  });
});

describe('E7, over HTTP', () => {
  it('200 parallel reads make one request, and the 100 that stay get it though 100 hang up', async () => {
    // Long enough for all 200 to arrive while the provider still thinks, on a busy machine too.
    await start(sqlite, {
      ENRICHMENT_ATTEMPT_TIMEOUT_MS: '10000',
      ENRICHMENT_DEADLINE_MS: '11000',
      ENRICHMENT_BREAKER_RESET_MS: '12000',
    });
    const id = await createUser();
    profiles.mock.control.change({ mode: 'slow', latencyMs: 4000 });
    const leaving = new AbortController();
    const read = (signal?: AbortSignal) =>
      fetch(`${profiles.url}/api/users/${id}/enriched`, signal === undefined ? {} : { signal });
    const gone = Array.from({ length: 100 }, () => read(leaving.signal).catch(() => null));
    const staying = Array.from({ length: 100 }, () => read());
    await eventually(() => expect(profiles.mock.control.requests().count).toBe(1));
    leaving.abort();
    await Promise.all(gone);
    const answers = await Promise.all(
      staying.map(async (answer): Promise<unknown> => {
        const body: unknown = await (await answer).json();
        return body;
      }),
    );
    const available = expect.objectContaining({ enrichedDataStatus: 'available' });
    expect(answers).toEqual(Array.from({ length: 100 }, () => available));
    expect(profiles.mock.control.requests().count).toBe(1);
  });
});

describe('The breaker, as a user sees it', () => {
  it('opens while the provider fails, answers at once, and closes after the provider has healed', async () => {
    await start(sqlite, {
      ENRICHMENT_BREAKER_RESET_MS: '1000',
      ENRICHMENT_DEADLINE_MS: '900',
      ENRICHMENT_ATTEMPT_TIMEOUT_MS: '200',
    });
    const id = await createUser();
    const read = async () => (await api.get(`/api/users/${id}/enriched`)).body.enrichedDataStatus;
    const breakerLog = () =>
      profiles.logged.map(({ msg }) => String(msg)).filter((msg) => msg.startsWith('Circuit Breaker'));
    expect(await read()).toBe('available');

    profiles.mock.control.change({ mode: 'failing' });
    await eventually(async () => {
      expect(await read()).toBe('unavailable');
      expect(breakerLog()).toEqual(['Circuit Breaker OPEN']);
    });
    const whileOpen = profiles.mock.control.requests().count;
    for (let times = 0; times < 20; times++) expect(await read()).toBe('unavailable');
    expect(profiles.mock.control.requests().count).toBe(whileOpen);

    profiles.mock.control.change({ mode: 'healthy' });
    await eventually(async () => expect(await read()).toBe('available'));
    await eventually(() =>
      expect(breakerLog()).toEqual(['Circuit Breaker OPEN', 'Circuit Breaker HALF_OPEN', 'Circuit Breaker CLOSED']),
    );
  });
});
