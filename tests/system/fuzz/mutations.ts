import {
  methods,
  pathTricks,
  queryTricks,
  mediaTypes,
  texts,
  rawBodies,
  encodings,
  duplicates,
  headerValues,
  framings,
} from './variants.ts';
import { headerOf, type WireRequest, withBody, withHeader, withText } from './wire-request.ts';

/** Spoils a request in one way. `n` chooses among the variants of it. */
export type Mutation = (request: WireRequest, n: number) => WireRequest;

const pick = <T>(variants: readonly T[], n: number): T => {
  const variant = variants[n % variants.length];
  if (variant === undefined) throw new Error('There is nothing to pick from.');
  return variant;
};

const broken = (request: WireRequest): WireRequest => ({ ...request, sound: false });
/** What there is to spoil: a request that has no body gets one. */
const textOf = (request: WireRequest): string => request.text ?? '{"name":"Ada","email":"ada@example.com"}';

export const mutations: Readonly<Record<string, Mutation>> = {
  method: (request, n) => ({ ...request, method: pick(methods, n) }),
  path: (request, n) => {
    const [path = '', ...query] = request.target.split('?');
    return { ...request, target: [pick(pathTricks, n)(path), ...query].join('?') };
  },
  query: (request, n) => {
    const trick = pick(queryTricks, n).replaceAll(' ', '%20');
    return { ...request, target: request.target + (request.target.includes('?') ? '&' : '?') + trick };
  },
  'media type': (request, n) => withHeader(request, 'Content-Type', pick(mediaTypes, n)),
  text: (request, n) => withText(request, pick(texts, n)(textOf(request))),
  bytes: (request, n) => withBody(request, pick(rawBodies, n), null),
  'flipped byte': (request, n) => {
    const bytes = Buffer.from(textOf(request));
    if (bytes.length > 0) bytes[n % bytes.length] = n % 256;
    return withBody(request, bytes, bytes.toString());
  },
  encoding: (request, n) => {
    const [name, encode, readable] = pick(encodings, n);
    const text = textOf(request);
    return withHeader(withBody(request, encode(text), readable ? text : null), 'Content-Encoding', name);
  },
  chunks: (request, n) => {
    const bytes = request.body ?? Buffer.from(textOf(request));
    const size = 1 + (n % 100);
    const chunks: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      const chunk = bytes.subarray(at, at + size);
      chunks.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
    }
    const body = Buffer.concat([...chunks, Buffer.from('0\r\n\r\n')]);
    return { ...withHeader(request, 'Transfer-Encoding', 'chunked'), body };
  },
  'doubled header': (request, n) => {
    const [name, value] = pick(duplicates, n);
    const once = headerOf(request, name) === undefined ? withHeader(request, name, value) : request;
    return { ...once, headers: [...once.headers, [name, value]] };
  },
  header: (request, n) => {
    const [name, value] = pick(headerValues, n);
    return withHeader(request, name, value);
  },
  framing: (request, n) => broken(pick(framings, n)(request)),
  'cut off': (request, n) => {
    const whole = request.body ?? Buffer.from(textOf(request));
    const announced = withHeader(request, 'Content-Length', String(whole.length + 1));
    return broken({ ...announced, body: whole.subarray(0, n % (whole.length + 1)) });
  },
};
