import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { claimFor } from '../../../src/platform/idempotency/idempotency-claim.ts';

type Request = Parameters<typeof claimFor>[0];

function buildRequest(overrides: Partial<Request> = {}): Request {
  return {
    principal: 'anyone',
    method: 'POST',
    route: '/things/{id}',
    key: 'key',
    parameters: { id: '1' },
    body: { name: 'Ada' },
    ifMatch: undefined,
    ...overrides,
  };
}

function fingerprintOf(body: unknown): string {
  return claimFor(buildRequest({ body })).fingerprint;
}

/** The same JSON value with the members of each object the other way round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, member]) => [name, reversed(member)]),
  );
}

describe('claimFor', () => {
  it('gives SHA-256 in hex', () => {
    const claim = claimFor(buildRequest());
    expect(claim.id).toMatch(/^[0-9a-f]{64}$/);
    expect(claim.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(claimFor(buildRequest())).toEqual(claim);
  });

  // A deployment that gave other hashes would not know the keys of the one before it.
  it('stays as it is from version to version', () => {
    expect(claimFor(buildRequest({ body: JSON.parse('{"b":[1,null],"a":"é","__proto__":{"x":1}}') }))).toEqual({
      id: 'dec2112f7d46adf7fce306e43e0fd4fc9332c3e403001a70109d10e2375bb78b',
      fingerprint: '749546cd7eb78e2ef89897564ec55b6863d20047c98a823c0d3a0f57794e1e06',
    });
  });

  it.each<[name: string, overrides: Partial<Request>, sameId: boolean, sameFingerprint: boolean]>([
    ['principal', { principal: 'somebody' }, false, true],
    ['key', { key: 'other' }, false, true],
    ['method', { method: 'PUT' }, false, false],
    ['route', { route: '/others' }, false, false],
    ['parameter', { parameters: { id: '2' } }, true, false],
    ['body', { body: { name: 'Bob' } }, true, false],
    ['If-Match', { ifMatch: '"1"' }, true, false],
    ['If-Match that says undefined', { ifMatch: 'undefined' }, true, false],
  ])('with another %s differs where it must', (_name, overrides, sameId, sameFingerprint) => {
    const [claim, other] = [claimFor(buildRequest()), claimFor(buildRequest(overrides))];
    expect([other.id === claim.id, other.fingerprint === claim.fingerprint]).toEqual([sameId, sameFingerprint]);
  });

  it('does not take text from one part for that of the next', () => {
    const ids = [
      { principal: 'a', method: 'b' },
      { principal: 'a","b', method: '' },
      { principal: '', method: 'ab' },
      { principal: 'ab', method: '' },
    ].map((parts) => claimFor(buildRequest(parts)).id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('tells bodies that are not the same apart', () => {
    const texts = [
      ['null', '{}', '[]', '""', '0', 'false', '"undefined"', '"null"', '[1,2]', '[2,1]', '[[1],2]', '[1,[2]]'],
      ['{"a":null}', '{"a":{}}', '{"a":[]}', '{"a":"1"}', '{"a":1}', '{"a":1e400}', '{"a":-1e400}', '{"A":1}'],
      ['{"__proto__":null}', '{"__proto__":{"a":1}}', '{"__proto__":{"a":2}}', '{"é":1}', String.raw`{"e\u0301":1}`],
      [
        String.raw`"\ud800"`,
        String.raw`"\ud801"`,
        '"a,b"',
        '["a","b"]',
        String.raw`["a\",\"b"]`,
        '9007199254740993',
        '1',
      ],
    ];
    const bodies: unknown[] = [undefined, ...texts.flat().map((text): unknown => JSON.parse(text))];
    expect(new Set(bodies.map(fingerprintOf)).size).toBe(bodies.length);
  });

  it('takes ways to write the same number or text for the same', () => {
    expect(fingerprintOf(JSON.parse(String.raw`{"a":1.0e0,"b":"\u0041"}`))).toBe(fingerprintOf({ b: 'A', a: 1 }));
  });

  it('takes a parameter that is undefined for absent', () => {
    const claim = claimFor(buildRequest({ parameters: { id: '1', query: undefined } }));
    expect(claim).toEqual(claimFor(buildRequest()));
  });

  it('refuses what JSON cannot say', () => {
    expect(() => fingerprintOf({ a: 1n })).toThrow(TypeError);
  });

  it('reads a body that is nested deeper than the stack', () => {
    const depth = 50_000;
    const deep = JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`) as unknown;
    expect(fingerprintOf(deep)).not.toBe(fingerprintOf([deep]));
  });

  it('does not depend on the order of members, at any depth', () => {
    fc.assert(fc.property(fc.jsonValue(), (body) => expect(fingerprintOf(reversed(body))).toBe(fingerprintOf(body))));
  });

  it('differs for two bodies unless they are equal', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        // Through JSON, which has no negative zero.
        const [a, b] = [one, other].map((value) => JSON.parse(JSON.stringify(value)) as unknown);
        expect(fingerprintOf(a) === fingerprintOf(b)).toBe(isEqual(a, b));
      }),
    );
  });
});

function isEqual(a: unknown, b: unknown): boolean {
  try {
    expect(a).toEqual(b);
    return true;
  } catch {
    return false;
  }
}
