import { numberedUserId } from '../../src/profiles/seed/numbered-user-id.ts';
import type { Numbers, RequestPlan } from './load-order.ts';

/** Makes one request after the other. */
export type NextRequest = () => Buffer;

/** Stands for what makes a request another than those before it. */
const gap = '{n}';

/**
 * The requests of one connection. What differs is written over in the same buffer, which is free again by the time that
 * the request in it has been answered.
 *
 * @param nextText what comes into the gap: ASCII, always of the same length
 */
export function requestsOf(plan: RequestPlan, nextText: () => string): NextRequest {
  const sample = nextText();
  const body = plan.body?.replaceAll(gap, sample);
  const head = [
    `${plan.method} ${plan.path.replaceAll(gap, sample)} HTTP/1.1`,
    'Host: 127.0.0.1',
    ...Object.entries(plan.headers).map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]),
  ];
  const request = Buffer.from(`${head.join('\r\n')}\r\n\r\n${body ?? ''}`);
  const offsets: number[] = [];
  for (let at = request.indexOf(sample); at >= 0; at = request.indexOf(sample, at + sample.length)) offsets.push(at);
  if (offsets.length === 0) return () => request;
  return () => {
    const text = nextText();
    for (const offset of offsets) request.write(text, offset, 'latin1');
    return request;
  };
}

/** What comes into the gaps of all connections in turn. */
export function textsOf(numbers: Numbers): () => string {
  if (numbers.kind === 'new') return uniqueTexts();
  if (numbers.kind === 'hot') {
    const ids = Array.from({ length: numbers.count }, (_, n) => numberedUserId(n));
    let next = 0;
    return () => ids[next++ % ids.length] ?? '';
  }
  const numberOf = everyNumber(numbers.count);
  return () => numberedUserId(numberOf());
}

/** Every number below `count` once, then again, in an order that jumps about: by steps of a golden section. */
export function everyNumber(count: number): () => number {
  let stride = Math.max(1, Math.round(count * 0.618));
  while (greatestCommonDivisor(stride, count) !== 1) stride += 1;
  // Each round begins somewhere else.
  let at = Math.floor(Math.random() * count);
  return () => (at = (at + stride) % count);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Time and a number: no text comes twice, not even in another process later on. */
function uniqueTexts(): () => string {
  const prefix = Date.now().toString(36);
  let next = 0;
  return () => `${prefix}${String(next++).padStart(9, '0')}`;
}
