import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { type MockEnrichment, startMockEnrichment } from '../../mock-enrichment/start-mock-enrichment.ts';
import type { ResilienceSnapshot } from '../../src/profiles/dashboard/resilience-snapshot.ts';
import { buildUserBody } from '../helpers/build-user.ts';
import { repositoryRoot } from '../helpers/child-process.ts';
import { engines, type TestDatabase } from '../helpers/engines.ts';
import { eventually } from '../helpers/eventually.ts';
import { type OwnRedis, redisMissing, startRedis } from '../helpers/redis-server.ts';
import { describeWith } from '../helpers/services.ts';
import { startProfilesOn } from '../helpers/start-profiles.ts';
import { type ServiceProcess, startService } from '../system/service-process.ts';
import { accessibilityViolations, chromiumMissing, complaintsOf, launchChromium, sidewaysPx } from './chromium.ts';

const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1440, height: 1000 };
const WALL = { width: 1920, height: 1080 };

/** Long enough for a test to see the breaker open, short enough to wait for its probe. */
const BREAKER_RESET_MS = 3_000;
/** As many users as requests are sent at once: reads of one user share one call. */
const USERS = 25;
/** The picture is made anew on demand, so that a test run leaves the repository as it was. */
const PICTURE = process.env['UPDATE_PICTURES'] === '1' ? join(repositoryRoot, 'docs/pictures/dashboard.png') : null;

jest.setTimeout(120_000);

describeWith(chromiumMissing, 'The dashboard', () => {
  let database: TestDatabase;
  let mock: MockEnrichment;
  let redis: OwnRedis | undefined;
  let service: ServiceProcess;
  let browser: Browser | undefined;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    const [sqlite] = engines;
    if (sqlite === undefined) throw new Error('SQLite is always there.');
    database = await sqlite.create();
    mock = await startMockEnrichment({ port: 0 });
    // Without it there is one card less.
    if (redisMissing === null) redis = await startRedis();
    service = await startService(database.url, {
      ENRICHMENT_URL: mock.url,
      ENRICHMENT_BREAKER_RESET_MS: `${BREAKER_RESET_MS}`,
      OPS_CONTROLS: 'true',
      ...(redis && { REDIS_URL: redis.url }),
    });
    for (let number = 0; number < USERS; number += 1) {
      const { status } = await service.api.send('POST', '/api/users', { json: buildUserBody() });
      expect(status).toBe(201);
    }
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser?.close();
    await (service as ServiceProcess | undefined)?.kill('SIGKILL');
    await (mock as MockEnrichment | undefined)?.stop();
    await redis?.kill();
    await (database as TestDatabase | undefined)?.drop();
  });

  beforeEach(async () => {
    mock.control.reset();
    await command('enrichment', 'reset');
    await open({ viewport: DESKTOP });
    await says('Live');
  });

  afterEach(async () => {
    await page.context().close();
  });

  async function open(options: BrowserContextOptions, url = service.api.url): Promise<void> {
    await (page as Page | undefined)?.context().close();
    if (browser === undefined) throw new Error('A page is opened within a test.');
    const context = await browser.newContext(options);
    page = await context.newPage();
    complaints = complaintsOf(page);
    await page.goto(`${url}/dashboard`);
  }

  async function command(breaker: string, action: string): Promise<void> {
    const { status } = await service.api.send('PUT', `/ops/breakers/${breaker}`, { json: { action, by: 'A test' } });
    expect(status).toBe(200);
  }

  const button = (name: string | RegExp, within: Page | Locator = page) => within.getByRole('button', { name });
  const card = () =>
    page.getByRole('article').filter({ has: page.getByRole('heading', { name: 'Enrichment', exact: true }) });
  const calls = () => page.getByRole('list', { name: 'Enrichment calls' });

  async function says(contact: string | RegExp): Promise<void> {
    await page.getByRole('status').getByText(contact).waitFor();
  }

  async function breakerIs(state: 'closed' | 'open' | 'half-open' | 'held open'): Promise<void> {
    await card().getByText(state, { exact: true }).waitFor();
  }

  async function enrichmentIsHealthy(): Promise<void> {
    await page.getByRole('group', { name: 'Enrichment', exact: true }).getByText('healthy', { exact: true }).waitFor();
  }

  async function provider(mode: string): Promise<void> {
    const modes = page.getByRole('group', { name: 'The enrichment provider' });
    await button(new RegExp(`^${mode}`), modes).click();
    await modes.getByRole('button', { name: new RegExp(`^${mode}`), pressed: true }).waitFor();
  }

  async function snapshot(): Promise<ResilienceSnapshot> {
    return (await service.api.send('GET', '/ops/resilience')).json as ResilienceSnapshot;
  }

  it('follows a provider that fails and heals, by clicks alone, and is accessible in each state', async () => {
    await button('Send 20 requests').click();
    await enrichmentIsHealthy();
    await breakerIs('closed');
    const healthy = await accessibilityViolations(page);

    await provider('Failing');
    await button('Send 20 requests').click();
    await breakerIs('open');
    await page.getByText('The enrichment breaker is open.').waitFor({ state: 'attached' });
    const open = await accessibilityViolations(page);
    await calls().getByText('failure', { exact: true }).first().waitFor();

    await provider('Healthy');
    await breakerIs('half-open');
    const halfOpen = await accessibilityViolations(page);

    await button('Send 20 requests').click();
    await breakerIs('closed');

    expect({ healthy, open, halfOpen }).toEqual({ healthy: [], open: [], halfOpen: [] });
    expect(complaints).toEqual([]);
  });

  it('opens a breaker and resets it for somebody who gives a name, which the log has', async () => {
    await page.getByLabel('Your name').fill('Grace');
    await button(/^Force open/, card()).click();
    await breakerIs('held open');
    await card().getByText('Grace').first().waitFor();
    const forced = (await snapshot()).breakers.find(({ name }) => name === 'enrichment');

    await button(/^Reset/, card()).click();
    await breakerIs('closed');

    expect(forced).toMatchObject({ state: 'open', isForced: true, nextProbeInMs: null });
    expect(service.output).toContain('Grace');
    expect(complaints).toEqual([]);
  });

  it('opens no breaker for somebody without a name', async () => {
    await page.getByLabel('Your name').fill('');
    await button(/^Force open/, card()).click();

    const refusal = page.getByRole('alert').filter({ hasText: 'Say who you are' });
    await refusal.waitFor();
    // The page asks for the provider's state from time to time: that is no command that has succeeded.
    await (await page.waitForResponse('**/ops/provider')).finished();
    await page.evaluate('new Promise(requestAnimationFrame)');

    expect(await refusal.isVisible()).toBe(true);
    expect((await snapshot()).breakers.map(({ state }) => state)).not.toContain('open');
  });

  it('moves the provider with its sliders', async () => {
    await page.getByLabel(/^Failure rate/).fill('80');
    await page.getByLabel(/^Latency/).fill('2250');

    await eventually(() => expect(mock.control.read()).toMatchObject({ failureRate: 0.8, latencyMs: 2250 }));
  });

  it('sends steadily until it is told to stop', async () => {
    await page.getByLabel('Rate', { exact: true }).fill('20');
    await button('Send steadily').click();
    await eventually(async () => expect((await snapshot()).edges.clients.perSecond).toBeGreaterThan(10), {
      timeoutMs: 15_000,
    });
    await button('Send steadily').click();

    await eventually(async () => expect((await snapshot()).edges.clients.perSecond).toBe(0), { timeoutMs: 20_000 });
  });

  it('heals a provider that hangs while as much as possible is sent', async () => {
    await page.getByLabel('Rate', { exact: true }).fill('50');
    await provider('Hanging');
    await button('Send steadily').click();
    await button('Send 20 requests').click();
    await eventually(() => expect(mock.control.read().mode).toBe('hanging'));
    await page.getByText(/^[1-9]\d* sent/).waitFor();

    const healedAt = await page.evaluate<number>('performance.now()');
    await provider('Healthy');

    expect((await page.evaluate<number>('performance.now()')) - healedAt).toBeLessThan(1500);
    expect(mock.control.read().mode).toBe('healthy');
  });

  it('opens the breaker by one click on a database without users', async () => {
    const [sqlite] = engines;
    if (sqlite === undefined) throw new Error('SQLite is always there.');
    const empty = await sqlite.create();
    const fresh = await startProfilesOn(empty.url, { ENRICHMENT_URL: mock.url, OPS_CONTROLS: 'true' });
    try {
      await open({ viewport: DESKTOP }, fresh.url);
      await says('Live');
      await provider('Failing');
      await button('Send 20 requests').click();

      await breakerIs('open');
      await page.getByText('20 sent, 20 answered, none failed').waitFor();
    } finally {
      await fresh.stop();
      await empty.drop();
    }
  });

  it('gives its connection back while nobody looks at it, and resumes', async () => {
    const look = async (hidden: boolean) =>
      await page.evaluate(`
        Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      `);
    const stream = '/ops/resilience/stream';
    await Promise.all([page.waitForEvent('requestfailed', (request) => request.url().endsWith(stream)), look(true)]);
    const [resumed] = await Promise.all([page.waitForRequest(`**${stream}`), look(false)]);

    expect(resumed.headers()['last-event-id']).toMatch(/^\d+$/);
    await says('Live');
    expect(complaints).toEqual([]);
  });

  it('says that contact is lost when the service is gone, and regains it by itself', async () => {
    await service.kill('SIGKILL');
    await says(/contact lost/i);
    const violations = await accessibilityViolations(page);

    await service.start();
    await says('Live');
    await button('Send 20 requests').click();
    await enrichmentIsHealthy();

    expect(violations).toEqual([]);
    expect(complaints.filter((complaint) => !complaint.startsWith('Failed to load resource'))).toEqual([]);
  });

  it('asks from time to time where the stream does not get through', async () => {
    await page.route('**/ops/resilience/stream', async (route) => await route.abort());
    await page.reload();
    await says('Polling');

    await button('Send 20 requests').click();
    await enrichmentIsHealthy();
  });

  it('keeps the theme that was chosen', async () => {
    const ground = async () => await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    const [light, theme] = [await ground(), button(/^Theme/)];
    while (!(await theme.textContent())?.includes('dark')) await theme.click();
    const dark = await ground();
    await page.reload();

    expect(dark).not.toBe(light);
    expect(await ground()).toBe(dark);
  });

  it('shows another edge by the arrow keys, and what the chart shows as a table', async () => {
    // The last one; the first comes after it.
    await page.getByRole('tab', { name: 'Enrichment', selected: true }).press('ArrowRight');
    await page.getByRole('tab', { name: 'Clients', selected: true }).press('ArrowRight');
    await page.getByRole('tab', { name: 'Database', selected: true }).waitFor();
    await page.getByText('The same as a table').click();

    await page.getByRole('region', { name: 'The last five minutes as a table' }).getByRole('row').nth(1).waitFor();

    expect(await page.getByRole('tabpanel', { name: 'Database' }).isVisible()).toBe(true);
  });

  it.each([
    ['a phone, light', { viewport: PHONE, colorScheme: 'light' }],
    ['a phone, dark', { viewport: PHONE, colorScheme: 'dark' }],
    ['a desktop, dark', { viewport: DESKTOP, colorScheme: 'dark' }],
    ['a wall, light', { viewport: WALL, colorScheme: 'light' }],
    ['a wall, dark', { viewport: WALL, colorScheme: 'dark' }],
  ] as const)('fits %s: no sideways scrolling, accessible', async (_case, options) => {
    await open(options);
    await says('Live');
    await provider('Failing');
    await button('Send 20 requests').click();
    await breakerIs('open');

    expect(await sidewaysPx(page)).toBe(0);
    expect(await accessibilityViolations(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('asks for the token of a service that has one, and shows no controls unless they are turned on', async () => {
    const token = 'a-token-of-this-test';
    const guarded = await startProfilesOn(database.url, { OPS_TOKEN: token });
    try {
      await open({ viewport: DESKTOP }, guarded.url);
      await page.getByLabel('Token').waitFor();
      const violations = await accessibilityViolations(page);
      await page.getByLabel('Token').fill(token);
      await page.keyboard.press('Enter');
      await says('Live');

      expect(violations).toEqual([]);
      expect(await page.getByRole('complementary', { name: 'Controls' }).isVisible()).toBe(false);
      expect(await button(/^Force open/).count()).toBe(0);
    } finally {
      await guarded.stop();
    }
  });

  if (PICTURE === null) return;
  it('has its picture taken for the README: an outage that was survived, and another that is under way', async () => {
    const passed = async (outcome: 'success' | 'shortCircuited', seconds: number) =>
      await eventually(
        async () => {
          const { points } = await snapshot();
          expect(points.filter(({ edges }) => edges.enrichment[outcome] > 0).length).toBeGreaterThan(seconds);
        },
        { timeoutMs: 90_000 },
      );
    // Without what the tests before have done.
    await service.kill('SIGKILL');
    await service.start();
    await open({ viewport: DESKTOP });
    await says('Live');
    await page.getByLabel('Rate', { exact: true }).fill('20');
    await button('Send steadily').click();
    await passed('success', 35);
    await provider('Failing');
    await passed('shortCircuited', 15);
    await provider('Healthy');
    await passed('success', 65);
    // So slowly that the calls which have opened the breaker are among the first of the tap.
    await page.getByLabel('Rate', { exact: true }).fill('5');
    await provider('Failing');
    await calls().getByText('short-circuited', { exact: true }).first().waitFor();

    await breakerIs('open');
    await page.screenshot({ path: PICTURE, fullPage: true, animations: 'disabled' });
  }, 240_000);
});
