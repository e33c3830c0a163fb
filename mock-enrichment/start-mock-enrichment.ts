import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadControlPage } from './control-page.ts';
import { createRequestListener } from './create-request-listener.ts';
import { LiveFeed } from './live-feed.ts';
import { type ControlChanges, type ControlState, DEFAULT_STATE, type Mode, MockControl } from './mock-control.ts';
import { RequestLog, type RequestLogSnapshot } from './request-log.ts';

/** Long, because a server that closes an idle connection just as it is used again adds a failure nobody has chosen. */
const KEEP_ALIVE_TIMEOUT_MS = 60_000;

export interface MockEnrichmentOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Default: 127.0.0.1. */
  readonly host?: string;
  readonly mode?: Mode;
  readonly failureRate?: number;
  readonly latencyMs?: number;
  /** For tests: milliseconds since the Unix epoch, never running backwards. */
  readonly now?: () => number;
  /** For tests: uniform in [0, 1). */
  readonly random?: () => number;
}

export interface MockEnrichment {
  /** Where this machine reaches it, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** What the control API offers, without HTTP. */
  readonly control: {
    read(): ControlState;
    /** The values must be in the ranges that `PUT /control` accepts; they are not checked again. */
    change(changes: ControlChanges): ControlState;
    /** Back to the state it was started with; forgets the requests. */
    reset(): ControlState;
    requests(): RequestLogSnapshot;
  };
  /** Cuts every connection, hanging requests and live lists included, and frees the port. May be called twice. */
  stop(): Promise<void>;
}

/** Starts the stand-in for the enrichment provider. Rejects with the system's error when it cannot listen. */
export async function startMockEnrichment(options: MockEnrichmentOptions): Promise<MockEnrichment> {
  const { port, host = '127.0.0.1', mode, failureRate, latencyMs, now = monotonicNow, random = Math.random } = options;
  const onChange = () => feed.changed();
  const log = new RequestLog({ now, onChange });
  const initial: ControlState = {
    mode: mode ?? DEFAULT_STATE.mode,
    failureRate: failureRate ?? DEFAULT_STATE.failureRate,
    latencyMs: latencyMs ?? DEFAULT_STATE.latencyMs,
    failNext: DEFAULT_STATE.failNext,
  };
  const control = new MockControl({ initial, random, onChange });
  const feed = new LiveFeed(() => ({ control: control.state, ...log.snapshot() }));
  const reset = () => {
    log.clear();
    return control.reset();
  };

  const listener = createRequestListener({ control, log, feed, reset, page: await loadControlPage() });
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS }, listener).listen(port, host);
  await once(server, 'listening');
  const address = addressOf(server);
  let stopped: Promise<void> | undefined;

  return {
    url: urlOf(address),
    port: address.port,
    control: {
      read: () => control.state,
      change: (changes) => control.change(changes),
      reset,
      requests: () => log.snapshot(),
    },
    stop: () => {
      stopped ??= new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      });
      return stopped;
    },
  };
}

/** The time of day on a clock that is never set back, so that gaps between requests are true. */
function monotonicNow(): number {
  return performance.timeOrigin + performance.now();
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server does not listen on a TCP port.');
  return address;
}

/** A server that listens everywhere is reached on the loopback address. */
function urlOf({ address, family, port }: AddressInfo): string {
  if (address === '0.0.0.0' || address === '::') return `http://127.0.0.1:${port}`;
  return family === 'IPv6' ? `http://[${address}]:${port}` : `http://${address}:${port}`;
}
