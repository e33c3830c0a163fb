import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from '@jest/globals';
import { eventually } from './eventually.ts';

/** A span as it was received, its numbers and times as numbers. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly traceState: string | undefined;
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client';
  readonly startMs: number;
  readonly endMs: number;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Of the process that it is about. */
  readonly resource: Readonly<Record<string, string | number | boolean>>;
}

/** A small OTLP/HTTP receiver (JSON), https://opentelemetry.io/docs/specs/otlp/#otlphttp. */
export interface OtlpReceiver {
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** The exports, also those that were refused. */
  readonly exports: readonly { readonly path: string; readonly headers: IncomingHttpHeaders }[];
  /** What the exports said, word for word. */
  readonly bodies: readonly string[];
  /** From now on exports are answered so; the default is 200. */
  answer(how: (response: ServerResponse) => void): void;
  /** The spans of a trace, when those that hang together are these: the names as an indented tree, see `shapeOf`. */
  trace(traceId: string, shape: readonly string[]): Promise<readonly ReceivedSpan[]>;
  close(): Promise<void>;
}

const accept = (response: ServerResponse): void =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end('{}');

/** @param port 0 for any that is free */
export async function startOtlpReceiver(port = 0): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const exports: { path: string; headers: IncomingHttpHeaders }[] = [];
  const bodies: string[] = [];
  const sockets = new Set<Socket>();
  let answer = accept;

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    exports.push({ path: request.url ?? '', headers: request.headers });
    bodies.push(body);
    answer(response);
    if (response.statusCode === 200 && response.writableEnded) spans.push(...spansOf(JSON.parse(body)));
  }
  const server = createServer((request, response) => {
    // A client that gives up in the middle of an export is what some tests are about.
    receive(request, response).catch(() => response.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    exports,
    bodies,
    answer: (how) => {
      answer = how;
    },
    trace: async (traceId, shape) => {
      const received = () => spans.filter((span) => span.traceId === traceId);
      await eventually(() => expect(shapeOf(received())).toEqual(shape));
      return received();
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

export interface FormatOptions {
  /** Whether to say when each span began and how long it took. */
  readonly times?: boolean;
}

/** The spans of one trace as an indented tree, in the order of their start: name, attributes, and `!` when failed. */
export function formatTrace(spans: readonly ReceivedSpan[], { times = false }: FormatOptions = {}): string {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const beganAt = Math.min(...spans.map(({ startMs }) => startMs));
  const lines: { readonly text: string; readonly time: string; readonly attributes: string }[] = [];

  const add = (span: ReceivedSpan, depth: number): void => {
    lines.push({
      text: `${'  '.repeat(depth)}${span.name}${span.failed ? ' !' : ''}`,
      time: `${(span.startMs - beganAt).toFixed(1).padStart(7)} +${(span.endMs - span.startMs).toFixed(1).padEnd(6)} `,
      attributes: Object.entries(span.attributes)
        .map(([name, value]) => `${name}=${value}`)
        .join(' '),
    });
    for (const child of childrenOf(span.spanId)) add(child, depth + 1);
  };
  const inOrder = spans.toSorted((a, b) => a.startMs - b.startMs);
  const childrenOf = (id: string) => inOrder.filter(({ parentSpanId }) => parentSpanId === id);
  // The parent of a root may be with the caller.
  for (const span of inOrder) if (span.parentSpanId === undefined || !ids.has(span.parentSpanId)) add(span, 0);

  const width = Math.max(...lines.map((line) => line.text.length));
  return lines
    .map(({ text: name, time, attributes }) => `${times ? time : ''}${name.padEnd(width)}  ${attributes}`.trimEnd())
    .join('\n');
}

/** The names of a trace's spans as an indented tree: what belongs to what. */
export function shapeOf(spans: readonly ReceivedSpan[]): readonly string[] {
  return formatTrace(spans.map((span) => ({ ...span, attributes: {} }))).split('\n');
}

interface Message {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly SpanMessage[] }[];
  }[];
}

interface Attribute {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly intValue?: number | string;
    readonly doubleValue?: number;
    readonly boolValue?: boolean;
  };
}

interface SpanMessage {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code?: number };
}

function spansOf({ resourceSpans }: Message): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId,
        traceState: span.traceState,
        name: span.name,
        kind: kindOf(span.kind),
        startMs: millisecondsOf(span.startTimeUnixNano),
        endMs: millisecondsOf(span.endTimeUnixNano),
        failed: span.status.code === 2,
        attributes: valuesOf(span.attributes),
        resource: valuesOf(resource.attributes),
      })),
    ),
  );
}

function kindOf(kind: number): ReceivedSpan['kind'] {
  if (kind === 2) return 'server';
  return kind === 3 ? 'client' : 'internal';
}

/** Nanoseconds since 1970 do not fit in a number; microseconds of them do. */
function millisecondsOf(nanoseconds: string): number {
  return Number(BigInt(nanoseconds) / 1_000n) / 1_000;
}

function valuesOf(attributes: readonly Attribute[]): Record<string, string | number | boolean> {
  return Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue, doubleValue, boolValue } }) => [
      key,
      stringValue ?? (intValue === undefined ? undefined : Number(intValue)) ?? doubleValue ?? boolValue ?? '',
    ]),
  );
}
