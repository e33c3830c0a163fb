import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { type MockEnrichment, startMockEnrichment } from '../../mock-enrichment/start-mock-enrichment.ts';
import { describeWith } from '../helpers/services.ts';
import { chromiumMissing, complaintsOf, launchChromium } from './chromium.ts';

export const PHONE = { width: 360, height: 740 };
export const DESKTOP = { width: 1280, height: 800 };
export const WALL = { width: 1920, height: 1080 };

/** A mock and a page that shows it, new for each test. */
export interface ControlPage {
  mock: MockEnrichment;
  page: Page;
  /** Console errors and warnings, uncaught errors, violations of the content security policy. */
  complaints: string[];
  /** Leaves the page that each test begins with, on a phone, for one with other options. */
  open(options: Parameters<Browser['newPage']>[0]): Promise<void>;
  /** Asks the provider route, `afterMs` later by the mock's clock, and answers the status. */
  ask(userId?: string, afterMs?: number): Promise<number>;
}

/** Tests of the control page in Chromium; without it they are skipped by name. */
export function describeControlPage(name: string, tests: (shown: ControlPage) => void): void {
  describeWith(chromiumMissing, name, () => {
    let browser: Browser | undefined;
    let nowMs = 0;
    const shown = {
      open: async (options) => {
        await shown.page?.close();
        if (browser === undefined || shown.mock === undefined) throw new Error('A page is opened within a test.');
        const page = await browser.newPage(options);
        Object.assign(shown, { page, complaints: complaintsOf(page) });
        await page.goto(shown.mock.url);
        await page.getByRole('status').getByText('Live', { exact: true }).waitFor();
      },
      ask: async (userId = 'ada', afterMs = 0) => {
        nowMs += afterMs;
        const response = await fetch(`${shown.mock?.url}/enrichment/${encodeURIComponent(userId)}`);
        await response.arrayBuffer();
        return response.status;
      },
    } as Pick<ControlPage, 'open' | 'ask'> & Partial<ControlPage>;

    beforeAll(async () => {
      browser = await launchChromium();
    });

    afterAll(async () => {
      await browser?.close();
    });

    beforeEach(async () => {
      nowMs = Date.parse('2026-01-02T03:04:05.000Z');
      shown.mock = await startMockEnrichment({ port: 0, now: () => nowMs });
      await shown.open({ viewport: PHONE });
    });

    afterEach(async () => {
      await shown.page?.close();
      await shown.mock?.stop();
    });

    tests(shown as ControlPage);
  });
}
