import { describe, expect, it } from '@jest/globals';
import { parseAnswerHead } from '../../../bench/load/answer-parser.ts';
import { Latencies } from '../../../src/traffic/latencies.ts';
import type { RequestPlan } from '../../../bench/load/load-order.ts';
import { everyNumber, requestsOf, textsOf } from '../../../bench/load/requests.ts';
import { benchUser } from '../../../bench/users/bench-users.ts';
import { numberedUserId } from '../../../src/profiles/seed/numbered-user-id.ts';
import { createUserSchema } from '../../../src/profiles/users/user-schemas.ts';
import { userIdPattern } from '../../../src/profiles/users/user.ts';

describe('The head of an answer', () => {
  const parse = (text: string) => parseAnswerHead(Buffer.from(text));

  it('says the status, and where head and body end together, whatever the case of its fields', () => {
    const head = 'HTTP/1.1 200 OK\r\nX-Cache: hit\r\ncontent-LENGTH: 5\r\n\r\n';
    expect(parse(`${head}hello`)).toEqual({
      status: 200,
      headers: 'X-Cache: hit\r\ncontent-LENGTH: 5',
      bytes: head.length + 5,
    });
  });

  it('is none before its empty line has come', () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
    for (let length = 0; length < head.length; length++) expect(parse(head.slice(0, length))).toBeNull();
    expect(parse(head)).not.toBeNull();
  });

  it('needs no length when there is no body by the status', () => {
    const head = 'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n';
    expect(parse(head)).toMatchObject({ status: 304, bytes: head.length });
    expect(() => parse('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')).toThrow('how long it is');
  });

  it('is refused when it is not one of HTTP/1.1', () => {
    expect(() => parse('SSH-2.0-OpenSSH_9.2\r\n\r\n')).toThrow('no answer');
  });
});

describe('Latencies', () => {
  it('have the quantiles of what was recorded, a 64th too great at most', () => {
    const seed = Date.now();
    process.stdout.write(`latencies: seed ${seed}\n`);
    let state = seed % 2_147_483_647;
    const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const durationsMs = Array.from({ length: 5_000 }, () => 10 ** (random() * 6 - 2));
    const latencies = new Latencies();
    for (const durationMs of durationsMs) latencies.record(durationMs);

    const sorted = durationsMs.toSorted((a, b) => a - b);
    for (const share of [0.01, 0.5, 0.9, 0.99, 1]) {
      const exactMs = sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
      expect(latencies.quantileMs(share)).toBeGreaterThanOrEqual(exactMs - 0.001);
      expect(latencies.quantileMs(share)).toBeLessThanOrEqual(exactMs * (1 + 1 / 64) + 0.001);
    }
    expect(latencies.count).toBe(5_000);
  });

  it('that nobody has recorded are 0, and what takes hours is counted', () => {
    const latencies = new Latencies();
    expect(latencies.quantileMs(0.5)).toBe(0);
    latencies.record(3_600_000);
    expect(latencies.quantileMs(0.5)).toBeGreaterThan(100_000);
  });
});

describe('Requests', () => {
  const plan: RequestPlan = {
    method: 'PUT',
    path: '/api/users/{n}',
    headers: { 'If-Match': '"1"' },
    body: '{"name":"Zoë {n}"}',
    numbers: { kind: 'hot', count: 2 },
  };

  it('have what is asked for in every gap, and the length of the body in bytes', () => {
    const next = requestsOf(plan, textsOf(plan.numbers));
    const [head, body] = next().toString().split('\r\n\r\n');
    const id = numberedUserId(1);
    expect(body).toBe(`{"name":"Zoë ${id}"}`);
    expect(head?.split('\r\n')).toEqual([
      `PUT /api/users/${id} HTTP/1.1`,
      'Host: 127.0.0.1',
      'If-Match: "1"',
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body ?? '')}`,
    ]);
    expect(next().toString()).toContain(numberedUserId(0));
  });

  it('that are about something new never say the same', () => {
    const next = textsOf({ kind: 'new' });
    const texts = Array.from({ length: 1_000 }, next);
    expect(new Set(texts).size).toBe(1_000);
    expect(new Set(texts.map(({ length }) => length)).size).toBe(1);
  });

  it.each([1, 2, 7, 1_000, 1_234])('that are about each of %d are about every one before any again', (count) => {
    const next = everyNumber(count);
    const first = Array.from({ length: count }, next);
    expect(first.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, n) => n));
    expect(Array.from({ length: count }, next)).toEqual(first);
  });
});

describe('The users of the benchmark', () => {
  it('are such as the API takes, with ids that grow', () => {
    const ids = Array.from({ length: 2_000 }, (_, n) => numberedUserId(n * 499));
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
    for (const n of [0, 1, 999_999]) {
      const { id, name, email, phone, displayName, metadata } = benchUser(n);
      expect(id).toMatch(userIdPattern);
      const { error, value } = createUserSchema.validate({ id, name, email, phone, displayName, metadata });
      expect(error).toBeUndefined();
      expect(value).toEqual({ id, name, email, phone, displayName, metadata });
    }
  });
});
