import { afterEach, expect, it } from '@jest/globals';
import { describeOnEachEngine } from '../../helpers/engines.ts';
import { eventually } from '../../helpers/eventually.ts';
import { type RunningProfiles, startProfiles } from '../../helpers/start-profiles.ts';
import { createHttpClient } from '../../system/acceptance/http-client.ts';

describeOnEachEngine('The first start, on an empty database,', (engine) => {
  let profiles: RunningProfiles | undefined;
  afterEach(async () => {
    await profiles?.stop();
    profiles = undefined;
  });

  it('shows no failure of a database that only waits for its schema', async () => {
    profiles = await startProfiles(engine);
    const api = createHttpClient(profiles.url);
    await api.send('POST', '/api/users', { json: { id: 'ada', name: 'Ada', email: 'ada@example.com' } });
    // Whoever reads on behalf of no request has what it asked for.
    await eventually(async () => {
      expect((await api.send('GET', '/api/users/ada')).headers).toMatchObject({ 'x-cache': 'hit' });
    });

    const { json } = await api.send('GET', '/ops/resilience');
    expect(json).toMatchObject({ edges: { database: { failure: 0, timeout: 0, rejected: 0, health: 'healthy' } } });
  });
});
