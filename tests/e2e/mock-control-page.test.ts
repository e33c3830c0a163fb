import { expect, it } from '@jest/globals';
import type { Locator, Route } from 'playwright-core';
import { type ControlState, MODES } from '../../mock-enrichment/mock-control.ts';
import { startMockEnrichment } from '../../mock-enrichment/start-mock-enrichment.ts';
import { describeControlPage } from './mock-control-page.ts';

describeControlPage('mock control page', (shown) => {
  const modeButton = (name: string) => shown.page.getByRole('button', { name: new RegExp(`^${name}`) });
  const rows = () => shown.page.getByRole('listitem');
  const texts = async (selector: string) => await rows().locator(selector).allTextContents();

  async function isPressed(button: Locator): Promise<void> {
    await button.and(shown.page.locator('[aria-pressed="true"]')).waitFor();
  }

  /** Waits until the service itself, not only the page, is in the given state. */
  async function mockReaches(expected: Partial<ControlState>): Promise<void> {
    await shown.page.waitForFunction(
      `fetch('/control').then((answer) => answer.json()).then((state) =>
        Object.entries(${JSON.stringify(expected)}).every(([field, value]) => state[field] === value))`,
    );
  }

  it('offers every mode, and marks the one that is on', async () => {
    const offered = await shown.page
      .locator('[data-mode]')
      .evaluateAll((buttons) => buttons.map((button) => button.getAttribute('data-mode')));

    expect(new Set(offered)).toEqual(new Set(MODES));
    expect(offered).toHaveLength(MODES.length);
    expect(await shown.page.getByRole('button', { pressed: true }).count()).toBe(1);
    await isPressed(modeButton('Healthy'));
  });

  it('makes the provider answer 500 when "Failing" is clicked, and heal when "Healthy" is', async () => {
    await modeButton('Failing').click();
    await isPressed(modeButton('Failing'));
    const failing = await shown.ask();
    await modeButton('Healthy').click();
    await isPressed(modeButton('Healthy'));
    const healed = await shown.ask();

    expect([failing, healed]).toEqual([500, 200]);
    expect(shown.complaints).toEqual([]);
  });

  it('shows the mode that somebody else has chosen', async () => {
    shown.mock.control.change({ mode: 'hanging', failureRate: 0.07, latencyMs: 1234, failNext: 2 });

    await isPressed(modeButton('Hanging'));

    expect(await shown.page.locator('#failure-rate-value').textContent()).toBe('7 %');
    expect(await shown.page.locator('#latency-value').textContent()).toBe('1234 ms');
    expect(await shown.page.locator('#fail-next-left').textContent()).toBe('2 left');
  });

  it('follows the sliders, by hand and by keyboard', async () => {
    await shown.page.getByLabel(/^Failure rate/).fill('80');
    await shown.page.getByLabel(/^Latency/).focus();
    for (let press = 0; press < 5; press += 1) await shown.page.keyboard.press('ArrowRight');
    await shown.page.locator('#latency-value').getByText('2250 ms').waitFor();
    await mockReaches({ failureRate: 0.8, latencyMs: 2250 });

    expect(await shown.page.locator('#failure-rate-value').textContent()).toBe('80 %');
    expect(await shown.page.getByLabel(/^Failure rate/).getAttribute('aria-valuetext')).toBe('80 %');
    expect(shown.complaints).toEqual([]);
  });

  it('follows a slider that is dragged', async () => {
    const slider = shown.page.getByLabel(/^Latency/);
    await slider.scrollIntoViewIfNeeded();
    const box = await slider.boundingBox();
    if (box === null) throw new Error('The slider is not visible.');
    const y = box.y + box.height / 2;
    await shown.page.mouse.move(box.x + box.width / 2, y);
    await shown.page.mouse.down();
    for (let step = 6; step <= 10; step += 1) await shown.page.mouse.move(box.x + (box.width * step) / 10, y);
    await shown.page.mouse.up();

    await mockReaches({ latencyMs: 5000 });
    await shown.page.locator('#latency-value').getByText('5000 ms').waitFor();
  });

  it('keeps a slider where the hand has put it while commands are under way, and sends only the latest value', async () => {
    const gate = Promise.withResolvers<void>();
    const sent: unknown[] = [];
    await shown.page.route('**/control', async (route) => {
      if (route.request().method() === 'PUT') sent.push(route.request().postDataJSON());
      await gate.promise;
      await route.continue();
    });
    const slider = shown.page.getByLabel(/^Failure rate/);
    for (const percent of ['60', '70', '80']) await slider.fill(percent);
    shown.mock.control.change({ latencyMs: 1234 });
    await shown.page.locator('#latency-value').getByText('1234 ms').waitFor();
    const shownMeanwhile = await shown.page.locator('#failure-rate-value').textContent();

    gate.resolve();
    await mockReaches({ failureRate: 0.8 });

    expect(shownMeanwhile).toBe('80 %');
    expect(sent).toEqual([{ failureRate: 0.6 }, { failureRate: 0.8 }]);
  });

  it('puts a slider back when its command has not arrived', async () => {
    await shown.page.route('**/control', async (route) => await route.abort());

    await shown.page.getByLabel(/^Failure rate/).fill('80');

    await shown.page.getByRole('alert').getByText('That did not reach the service.').waitFor();
    await shown.page.locator('#failure-rate-value').getByText('50 %').waitFor();
  });

  it('says what the service has refused', async () => {
    await shown.page.route('**/control', async (route) => await route.continue({ postData: '{"mode":"odd"}' }));

    await modeButton('Slow').click();

    await shown.page.getByRole('alert').getByText('The service refused: mode must be one of').waitFor();
    await isPressed(modeButton('Healthy'));
  });

  it('fails the next requests and counts them down', async () => {
    await shown.page.getByLabel(/^Fail the next/).fill('2');
    await shown.page.getByRole('button', { name: 'Fail them' }).click();
    await shown.page.locator('#fail-next-left').getByText('2 left').waitFor();
    const statuses = [await shown.ask(), await shown.ask(), await shown.ask()];

    await shown.page.locator('#fail-next-left').getByText('0 left').waitFor();

    expect(statuses).toEqual([500, 500, 200]);
  });

  it('lists the requests, newest first, with the gaps between those of one user', async () => {
    shown.mock.control.change({ mode: 'failing' });
    await shown.ask('ada');
    await shown.ask('ada', 100);
    await shown.ask('ada', 200);
    shown.mock.control.change({ mode: 'healthy' });
    await shown.ask('ada', 400);
    await shown.ask('ada', 9000);

    await shown.page.locator('#count').getByText('5', { exact: true }).waitFor();

    expect(await texts('.gap-text')).toEqual(['+9000 ms', '+400 ms', '+200 ms', '+100 ms', 'first']);
    expect(await texts('.answer')).toEqual(['200', '200', '500', '500', '500']);
    const bars = await rows()
      .locator('.gap-bar')
      .evaluateAll((elements) => elements.map((element) => element.getBoundingClientRect().width));
    const [pause, bar400 = 0, bar200 = 0, bar100 = 0, first] = bars;
    expect([pause, first]).toEqual([0, 0]);
    expect(bar400 / bar200).toBeCloseTo(2, 1);
    expect(bar200 / bar100).toBeCloseTo(2, 1);
    expect(shown.complaints).toEqual([]);
  });

  it('shows an id from the network as text, whatever is in it', async () => {
    const hostile = '<img src=x onerror="document.title=1"><script>document.title=1</script>';

    await shown.ask(hostile);
    await rows().first().waitFor();

    expect(await rows().locator('.user').textContent()).toBe(hostile);
    expect(await shown.page.locator('#requests img, #requests script').count()).toBe(0);
    expect(shown.complaints).toEqual([]);
  });

  it('starts over', async () => {
    shown.mock.control.change({ mode: 'failing', failNext: 5 });
    await shown.ask();
    await rows().first().waitFor();

    await shown.page.getByRole('button', { name: 'Start over' }).click();
    await isPressed(modeButton('Healthy'));

    await shown.page.getByText('None yet.').waitFor();
    expect(await rows().count()).toBe(0);
    expect(shown.mock.control.read()).toMatchObject({ mode: 'healthy', failNext: 0 });
  });

  it('says that contact is lost, and that a command has not arrived, and recovers by itself', async () => {
    await shown.mock.stop();
    await shown.page.getByRole('status').getByText('No contact.').waitFor();
    await modeButton('Failing').click();
    await shown.page.getByRole('alert').getByText('That did not reach the service.').waitFor();
    await modeButton('Failing').and(shown.page.locator('[aria-pressed="false"]')).waitFor();

    shown.mock = await startMockEnrichment({ port: shown.mock.port, mode: 'not-found' });

    await shown.page.getByRole('status').getByText('Live', { exact: true }).waitFor();
    await isPressed(modeButton('Not found'));
    await shown.page.getByRole('alert').waitFor({ state: 'hidden' });
  });

  it('takes five seconds of silence for lost contact, and asks again every five seconds', async () => {
    const status = shown.page.getByRole('status');
    await shown.page.clock.install();
    const unanswered = Promise.withResolvers<Route>();
    await shown.page.route('**/stream', unanswered.resolve);
    shown.mock.control.change({ mode: 'slow' });
    await isPressed(modeButton('Slow'));

    await shown.page.clock.fastForward(5000);
    await status.getByText('No contact.').waitFor();
    await unanswered.promise;
    await shown.page.unroute('**/stream');
    await shown.page.clock.fastForward(5000);

    await status.getByText('Live', { exact: true }).waitFor();
  });
});
