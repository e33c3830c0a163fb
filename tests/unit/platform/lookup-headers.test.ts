import { describe, expect, it } from '@jest/globals';
import { createLookupHeaders } from '../../../src/platform/http/lookup-headers.ts';

describe('The headers that tell where an answer came from', () => {
  it.each(['hit', 'miss', 'bypass'] as const)('say %s, and no times unless they are wanted', (status) => {
    const headersOf = createLookupHeaders({ serverTiming: false });
    expect(headersOf({ status, durationsMs: { cache: 1, db: 2 } })).toEqual({ 'X-Cache': status });
  });

  it('say what took how long, to hundredths of a millisecond', () => {
    const headersOf = createLookupHeaders({ serverTiming: true });
    expect(headersOf({ status: 'miss', durationsMs: { cache: 0.4249, db: 12, enrichment: 0 } })).toEqual({
      'X-Cache': 'miss',
      'Server-Timing': 'cache;dur=0.42, db;dur=12, enrichment;dur=0',
    });
    expect(headersOf({ status: 'hit', durationsMs: { cache: 0.001 } })).toEqual({
      'X-Cache': 'hit',
      'Server-Timing': 'cache;dur=0',
    });
    expect(headersOf({ status: 'bypass', durationsMs: {} })).toEqual({ 'X-Cache': 'bypass' });
  });
});
