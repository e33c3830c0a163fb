import { describe, expect, it } from '@jest/globals';
import { count, duration, percentage, rate, uptime } from '../../../src/profiles/dashboard/page/figures.js';

describe('figures on the page', () => {
  it.each([
    [0, '0 %'],
    [0.0004, '<0.1 %'],
    [0.004, '0.4 %'],
    [0.5, '50 %'],
    [1, '100 %'],
  ])('says a share of %d as “%s”', (share, words) => {
    expect(percentage(share)).toBe(words);
  });

  it.each([
    [null, '–'],
    [0.42, '0.4 ms'],
    [9.96, '10 ms'],
    [999.4, '999 ms'],
    [999.6, '1.00 s'],
    [2345, '2.35 s'],
  ])('says %p milliseconds as “%s”', (milliseconds, words) => {
    expect(duration(milliseconds)).toBe(words);
  });

  it.each([
    [9999, '9999'],
    [10_000, '10.0k'],
    [123_456, '123k'],
    [999_600, '1.0M'],
  ])('says a count of %d as “%s”', (number, words) => {
    expect(count(number)).toBe(words);
  });

  it.each([
    [0, '0.0/s'],
    [9.94, '9.9/s'],
    [22.4, '22/s'],
  ])('says %d a second as “%s”', (perSecond, words) => {
    expect(rate(perSecond)).toBe(words);
  });

  it.each([
    [59.9, '59 s'],
    [60, '1 min'],
    [3 * 3600 + 60, '3 h 1 min'],
    [3 * 86_400, '3 days'],
  ])('says %d seconds of life as “%s”', (seconds, words) => {
    expect(uptime(seconds)).toBe(words);
  });
});
