import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { engines } from '../helpers/engines.ts';
import { expectConforms } from '../helpers/openapi-conformance.ts';
import { find, keysOf, type Place, within } from '../helpers/openapi-document.ts';
import { describeWith } from '../helpers/services.ts';
import { type RunningProfiles, startProfiles } from '../helpers/start-profiles.ts';
import { chromiumMissing, launchChromium } from './chromium.ts';

/** Plain http is a secure context on localhost only; under another name the browser treats it as it does in production. */
const hostname = 'profiles.example';
const timeoutMs = 180_000;

interface Operation {
  readonly method: string;
  readonly path: string;
}

/** What the server answered, and what the page showed of it. */
interface Outcome {
  readonly status: number;
  readonly body: unknown;
}

const operations: readonly Operation[] = keysOf(find('paths')).flatMap((path) =>
  keysOf(find('paths', path)).map((method) => ({ method, path })),
);

/** Without what tells how the very process is, never twice the same, and without controls, which are not there by default. */
const executed = operations.filter(({ path }) => !path.startsWith('/ops/'));

describeWith(chromiumMissing, 'Swagger UI over plain http', () => {
  let profiles: RunningProfiles;
  let browser: Browser;
  let page: Page;
  let origin: string;
  const foreignRequests: string[] = [];
  const pageErrors: Error[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    const [sqlite] = engines;
    if (sqlite === undefined) throw new Error('SQLite is always there.');
    profiles = await startProfiles(sqlite);
    origin = `http://${hostname}:${new URL(profiles.url).port}`;
    browser = await launchChromium(`--host-resolver-rules=MAP ${hostname} 127.0.0.1`);
    page = await browser.newPage();
    page.on('pageerror', (error) => pageErrors.push(error));
    // What the security policy forbids, among other things. That an answer is an error, the tests see themselves.
    page.on('console', (message) => {
      const isComplaint = message.type() === 'error' || message.type() === 'warning';
      if (isComplaint && !message.text().startsWith('Failed to load resource')) complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(origin) && !request.url().startsWith('data:')) foreignRequests.push(request.url());
    });
    await page.goto(`${origin}/api-docs`);
    await page.locator('.opblock').first().waitFor();
  }, timeoutMs);

  // What failed to start is not there.
  afterAll(async () => {
    await (browser as Browser | undefined)?.close();
    await (profiles as RunningProfiles | undefined)?.stop();
  });

  /** Runs `work` in the opened block of an operation. One is open at a time: a block has a hundred screens of answers. */
  async function inBlock<T>({ method, path }: Operation, work: (block: Locator) => Promise<T>): Promise<T> {
    const block = page.locator(`.opblock-${method}`, { has: page.locator(`[data-path="${path}"]`) });
    await block.locator('.opblock-summary-control').click();
    const result = await work(block);
    await block.locator('.opblock-summary-control').click();
    return result;
  }

  /** Presses Execute; holds the answer against the file, and the page against the answer. */
  async function execute(block: Locator): Promise<Outcome> {
    const [response] = await Promise.all([
      page.waitForResponse((candidate) => !candidate.url().includes('/api-docs')),
      block.locator('.execute').click(),
    ]);
    const request = response.request();
    const path = response.url().slice(origin.length);
    const status = response.status();
    const text = status === 204 || status === 304 ? '' : await response.text();
    expectConforms({
      method: request.method(),
      path,
      requestBody: request.postDataJSON(),
      requestType: (await request.headerValue('content-type')) ?? 'application/json',
      status,
      headers: await response.allHeaders(),
      body: text,
    });
    await block.locator('.live-responses-table .response-col_status').getByText(String(status)).first().waitFor();
    const body: unknown = /^[{[]/.test(text) ? JSON.parse(text) : null;
    if (status >= 400) expect(body).toMatchObject({ instance: path.split('?')[0] });
    return { status, body };
  }

  it('shows every call of the file, in its order', async () => {
    const shown = await page.locator('.opblock-summary').evaluateAll((summaries) =>
      summaries.map((summary) => ({
        method: summary.querySelector('.opblock-summary-method')?.textContent?.toLowerCase(),
        path: summary.querySelector('[data-path]')?.getAttribute('data-path'),
      })),
    );

    expect(shown).toEqual(operations);
  });

  it(
    'succeeds when Execute is pressed on each call, from top to bottom, and gets the answer that is shown',
    async () => {
      for (const operation of executed) {
        const { status, body } = await inBlock(operation, execute);

        const [example] = examplesOf(find('paths', operation.path, operation.method, 'responses', String(status)));
        expect({ operation, status: status < 300 }).toEqual({ operation, status: true });
        // Of plain text the file has the beginning only, which its schema is about.
        if (example !== undefined && typeof example.value !== 'string')
          expect({ operation, body: stable(body) }).toEqual({ operation, body: stable(example.value) });
      }
    },
    timeoutMs,
  );

  it(
    'gets the documented answer to every other example',
    async () => {
      await inBlock({ method: 'post', path: '/api/users' }, execute);
      const names: string[] = [];
      for (const operation of executed) {
        await inBlock(operation, async (block) => {
          for (const { name, select, first } of await selectable(block)) {
            await select.selectOption(name);
            const { status, body } = await execute(block);
            await select.selectOption(first);

            names.push(name);
            const documented = documentedOutcome(operation, name, status);
            expect({ operation, name, status, body: stable(body) }).toEqual({ operation, name, ...documented });
          }
        });
      }
      expect(names).toEqual(expect.arrayContaining(['email-taken', 'stale-version', 'unknown-user', 'unknown-field']));
    },
    timeoutMs,
  );

  it('has asked nobody but this server, and met no error of its own', () => {
    expect(foreignRequests).toEqual([]);
    expect(pageErrors).toEqual([]);
    expect(complaints).toEqual([]);
  });

  /** The examples that are not chosen from the start, each with the list it is chosen from. */
  async function selectable(block: Locator): Promise<{ name: string; select: Locator; first: string }[]> {
    const lists = await block
      .locator('.parameters-container, .opblock-section-request-body')
      .locator('.examples-select-element')
      .all();
    const choices = lists.map(async (select) => {
      const [first = '', ...others] = await select
        .locator('option')
        .evaluateAll((options) => options.map((option) => option.getAttribute('value') ?? ''));
      return others.map((name) => ({ name, select, first }));
    });
    return (await Promise.all(choices)).flat();
  }
});

/** An example of an answer has the name of the example that provokes it. */
function documentedOutcome({ path, method }: Operation, name: string, status: number): Outcome {
  // The one example whose answer has no body to show.
  if (name === 'current') return { status: 304, body: null };
  const responses = find('paths', path, method, 'responses');
  const documented = keysOf(responses).flatMap((key) =>
    examplesOf(responses && within(responses, key))
      .filter((example) => example.name === name)
      .map(({ value }) => ({ status: Number(key), body: stable(value) })),
  );
  const outcome = documented.find((one) => one.status === status) ?? documented[0];
  if (outcome === undefined) throw new Error(`${method} ${path} documents no answer named ${name}.`);
  return outcome;
}

function examplesOf(response: Place | undefined): { name: string; value: unknown }[] {
  const content = response && within(response, 'content');
  return keysOf(content).flatMap((mediaType) => {
    const examples = content && within(content, mediaType, 'examples');
    return keysOf(examples).map((name) => ({ name, value: examples && within(examples, name)?.value['value'] }));
  });
}

const volatile = new Set([
  'createdAt',
  'updatedAt',
  'changedAt',
  'timestamp',
  'requestId',
  'instance',
  'uptimeSeconds',
  'latencyMs',
  'since',
]);

const madeByServer = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Without what differs from run to run, of which only the type has to be the same. */
function stable(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body), (key, value: unknown) => {
    if (key === 'nextCursor' && value !== null) return 'a cursor';
    if (key === 'id' && typeof value === 'string' && madeByServer.test(value)) return 'a UUID';
    return volatile.has(key) ? typeof value : value;
  });
}
