import { existsSync } from 'node:fs';
import axe, { type AxeResults } from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';

const executablePath = '/usr/bin/chromium';

/** Why there is no browser to test with, or null. */
export const chromiumMissing = existsSync(executablePath) ? null : `${executablePath} is missing`;

export async function launchChromium(...more: readonly string[]): Promise<Browser> {
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    ...more,
  ];
  return await chromium.launch({ executablePath, args });
}

/** Collects console errors and warnings, uncaught errors, and violations of the content security policy. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() !== 'log') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return complaints;
}

/** By how many pixels the page is wider than the window: it has to be scrolled sideways if that is more than 0. */
export async function sidewaysPx(page: Page): Promise<number> {
  return await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}

/**
 * What axe-core finds against the page as it is now, contrast included: rule, element, and what is wrong with it.
 * The script comes through the debugger, which the page's content security policy does not bind.
 */
export async function accessibilityViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  // Of the rest there is so much that taking it over holds up this process, and the servers in it, for a second.
  const violations = await page.evaluate<AxeResults['violations']>('axe.run().then(({ violations }) => violations)');
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  );
}
