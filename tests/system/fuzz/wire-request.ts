/** A request as it goes over the wire, whether or not it is one. */
export interface WireRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** What follows the headers; null when nothing does. */
  readonly body: Buffer | null;
  /** What the body says once it is decompressed; null when it cannot be, or there is none. */
  readonly text: string | null;
  /** Whether it is HTTP to the end, so that its answer is the one of its operation. */
  readonly sound: boolean;
}

/** Stands for the id of a user that exists when the request is sent. */
export const existingId = (number: number): string => `existing-${number}-`;
/** Stands for an e-mail address that nobody has. */
export const freshEmail = 'fresh@email.example';

/** Puts in what is known only when the request is sent. */
export function completed(request: WireRequest, ids: readonly string[], nextNumber: () => number): WireRequest {
  const complete = (text: string): string =>
    text
      .replaceAll(/existing-(\d+)-/g, (_token, number: string) => ids[Number(number) % ids.length] ?? 'nobody')
      .replaceAll(freshEmail, () => `fresh.${nextNumber()}@example.com`);
  const target = complete(request.target);
  // What has been compressed or spoilt stays as it is.
  if (request.text === null || request.body?.equals(Buffer.from(request.text)) !== true) return { ...request, target };
  const text = complete(request.text);
  return { ...request, target, text, body: Buffer.from(text) };
}

/** The bytes. A length is announced unless a mutation has had its say about that. */
export function bytesOf({ method, target, version, headers, body }: WireRequest): Buffer {
  const isFramed = headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
  const all = body === null || isFramed ? headers : [...headers, ['Content-Length', String(body.length)] as const];
  const head = [`${method} ${target} ${version}`, ...all.map(([name, value]) => `${name}: ${value}`), '', ''].join(
    '\r\n',
  );
  return Buffer.concat([Buffer.from(head), body ?? Buffer.alloc(0)]);
}

/** `request` with another value of a header, or without it. */
export function withHeader(request: WireRequest, name: string, value: string | null): WireRequest {
  const others = request.headers.filter(([other]) => other.toLowerCase() !== name.toLowerCase());
  return { ...request, headers: value === null ? others : [...others, [name, value]] };
}

/** `request` with that body, neither compressed nor in chunks. */
export function withBody(request: WireRequest, body: Buffer, text: string | null): WireRequest {
  return { ...withHeader(withHeader(request, 'Content-Encoding', null), 'Transfer-Encoding', null), body, text };
}

export function withText(request: WireRequest, text: string): WireRequest {
  return withBody(request, Buffer.from(text), text);
}

export function headerOf(request: WireRequest, name: string): string | undefined {
  return request.headers.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1];
}
