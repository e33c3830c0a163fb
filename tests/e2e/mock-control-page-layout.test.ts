import { expect, it } from '@jest/globals';
import { MODES } from '../../mock-enrichment/mock-control.ts';
import { DESKTOP, describeControlPage, PHONE } from './mock-control-page.ts';

/** Half an inch or so: what a finger hits (WCAG 2.2, 2.5.5). */
const FINGER_PX = 44;
/** For text of ordinary size (WCAG 2.2, 1.4.3). */
const CONTRAST_MIN = 4.5;

describeControlPage('mock control page, layout', (shown) => {
  it.each([
    ['a phone, light', { viewport: PHONE, colorScheme: 'light' }],
    ['a phone, dark', { viewport: PHONE, colorScheme: 'dark' }],
    ['a desktop, light', { viewport: DESKTOP, colorScheme: 'light' }],
    ['a desktop, dark', { viewport: DESKTOP, colorScheme: 'dark' }],
  ] as const)('fits %s: no sideways scrolling, targets for a finger, legible text', async (_case, options) => {
    await shown.open(options);
    await shown.ask('x'.repeat(300));
    await shown.page.getByRole('listitem').waitFor();

    const overflowPx = await shown.page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    const heights = await shown.page
      .locator('button, input')
      .evaluateAll((elements) => elements.map((element) => element.getBoundingClientRect().height));
    const contrasts = await shown.page.evaluate<[string, number][]>(CONTRASTS);

    expect(overflowPx).toBe(0);
    expect(heights.length).toBeGreaterThan(MODES.length);
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(FINGER_PX);
    expect(contrasts).toHaveLength(9);
    expect(contrasts.filter(([, contrast]) => !(contrast >= CONTRAST_MIN))).toEqual([]);
    expect(shown.complaints).toEqual([]);
  });
});

/** The contrast ratios of the page's pairs of text and ground, by the formula of WCAG 2.2. */
const CONTRASTS = `(() => {
  const style = getComputedStyle(document.documentElement);
  const luminance = (name) => {
    const hex = style.getPropertyValue(name).trim().slice(1);
    const [red, green, blue] = [0, 2, 4].map((at) => {
      const channel = parseInt(hex.slice(at, at + 2), 16) / 255;
      return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const pairs = [
    ['--text', '--ground'], ['--text', '--surface'], ['--text', '--accent-ground'],
    ['--quiet', '--ground'], ['--quiet', '--surface'], ['--accent', '--accent-ground'],
    ['--good', '--good-ground'], ['--bad', '--bad-ground'], ['--open', '--open-ground'],
  ];
  return pairs.map(([one, other]) => [one + ' on ' + other, contrast(one, other)]);
})()`;
