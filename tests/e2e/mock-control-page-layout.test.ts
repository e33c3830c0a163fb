import { expect, it } from '@jest/globals';
import { MODES } from '../../mock-enrichment/mock-control.ts';
import { accessibilityViolations, sidewaysPx } from './chromium.ts';
import { DESKTOP, describeControlPage, PHONE, WALL } from './mock-control-page.ts';

/** Half an inch or so: what a finger hits (WCAG 2.2, 2.5.5). */
const FINGER_PX = 44;

const SCREENS = [
  ['a phone, light', { viewport: PHONE, colorScheme: 'light' }],
  ['a phone, dark', { viewport: PHONE, colorScheme: 'dark' }],
  ['a desktop, light', { viewport: DESKTOP, colorScheme: 'light' }],
  ['a desktop, dark', { viewport: DESKTOP, colorScheme: 'dark' }],
  ['a wall, light', { viewport: WALL, colorScheme: 'light' }],
  ['a wall, dark', { viewport: WALL, colorScheme: 'dark' }],
] as const;

describeControlPage('mock control page, layout', (shown) => {
  it.each(SCREENS)('fits %s: no sideways scrolling, targets for a finger', async (_case, options) => {
    await shown.open(options);
    await shown.ask('x'.repeat(300));
    await shown.page.getByRole('listitem').waitFor();

    const heights = await shown.page
      .locator('button, input')
      .evaluateAll((elements) => elements.map((element) => element.getBoundingClientRect().height));

    expect(await sidewaysPx(shown.page)).toBe(0);
    expect(heights.length).toBeGreaterThan(MODES.length);
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(FINGER_PX);
    expect(shown.complaints).toEqual([]);
  });

  it.each(SCREENS)('is legible and accessible on %s, in each of its states', async (_case, options) => {
    await shown.open(options);
    const untouched = await accessibilityViolations(shown.page);
    await shown.ask('ada');
    shown.mock.control.change({ mode: 'failing' });
    await shown.ask('ada', 100);
    shown.mock.control.change({ mode: 'hanging' });
    const leaving = new AbortController();
    const hanging = fetch(`${shown.mock.url}/enrichment/ada`, { signal: leaving.signal }).catch(() => null);
    await shown.page.getByRole('listitem').getByText('hanging').waitFor();
    const inUse = await accessibilityViolations(shown.page);
    leaving.abort();
    await hanging;
    await shown.mock.stop();
    await shown.page.getByRole('status').getByText('No contact.').waitFor();
    await shown.page.getByRole('button', { name: /^Slow/ }).click();
    await shown.page.getByRole('alert').waitFor();
    const withoutContact = await accessibilityViolations(shown.page);

    expect({ untouched, inUse, withoutContact }).toEqual({ untouched: [], inUse: [], withoutContact: [] });
  });

  it('is found wanting by the same check when its text is too pale', async () => {
    await shown.page.evaluate("document.documentElement.style.setProperty('--muted', '#c0c4c8')");

    expect(await accessibilityViolations(shown.page)).toContainEqual(expect.stringMatching(/^color-contrast: /));
  });
});
