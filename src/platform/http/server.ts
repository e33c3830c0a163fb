import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, STATUS_CODES } from 'node:http';
import { Server, type Socket } from 'node:net';
import type { EventStream } from '../telemetry/event-stream.ts';
import type { HttpEvent } from './http-events.ts';
import type { ProblemCatalogue } from './problem-catalogue.ts';
import { describeProblem, problemMediaType } from './problem-details.ts';
import { RunningAnswers } from './running-answers.ts';
import { answerHeaders } from './security-headers.ts';
import { headerBytesMax, type ServerLimits, serverLimits } from './server-limits.ts';

/** A listening HTTP server. */
export interface HttpServer {
  readonly port: number;
  /** From now on every answer ends its connection, so that clients go elsewhere; requests are taken as before. */
  drain(): void;
  /**
   * As `drain`, but takes no new connections, because others of the port do. Those that are open are served on.
   *
   * Resolves when the last of them has ended, or after `waitMs`.
   */
  leave(waitMs: number): Promise<void>;
  /**
   * Takes no new connections, closes those that are silent, lets running requests finish for `graceMs`, then cuts what
   * is left.
   *
   * @returns how many requests were cut
   */
  stop(graceMs: number): Promise<number>;
}

/** @throws Error with code EADDRINUSE or EACCES when the port cannot be had */
export async function startHttpServer(
  handler: RequestListener,
  options: {
    host: string;
    port: number;
    events: EventStream<HttpEvent>;
    problems: ProblemCatalogue;
    limits?: ServerLimits;
  },
): Promise<HttpServer> {
  const limits = options.limits ?? serverLimits;
  const running = new RunningAnswers(limits);
  const sockets = new Set<Socket>();
  let draining = false;
  const listener: RequestListener = (req, res) => {
    if (!running.add(res)) return;
    if (draining) res.shouldKeepAlive = false;
    handler(req, res);
  };
  // A missing Host is answered by the application, as a problem.
  const server = createServer(
    {
      requireHostHeader: false,
      maxHeaderSize: headerBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      // How often the first two are looked at.
      connectionsCheckingInterval: 1_000,
    },
    listener,
  );
  // By default Node.js takes 2,000 headers, and drops all further ones without a word.
  server.maxHeadersCount = 0;
  server.maxConnections = limits.connectionsMax;
  // A worker would hand what is too much back to the supervisor, which would offer it again and again.
  // The types of Node.js do not know of it.
  Object.assign(server, { dropMaxConnection: true });
  server.on('checkContinue', (req, res) => {
    // Whoever reads the body says `100 Continue` first. Where nobody does, the client may send it or not, so that what
    // follows on the connection could be either (RFC 9110, section 10.1.1).
    res.shouldKeepAlive = false;
    listener(req, res);
  });
  // An expectation other than 100-continue is passed over, as RFC 9110 allows.
  server.on('checkExpectation', listener);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // Browsers open connections ahead of need. Who has said nothing has asked nothing.
    const isSilent = socket.bytesRead === 0;
    if (error.code === 'ECONNRESET' || !socket.writable || isSilent) socket.destroy();
    // An error in the body of a request is its answer. Behind a complete request, it would be taken for the answer to
    // that one, which may have had its effect, and goes out as if nothing came behind it.
    else if (!running.endBehind(socket)) answerUnreadable(error, socket, options);
  });

  server.listen(options.port, options.host);
  await once(server, 'listening');

  server.once('close', running.cutSlowReaders(limits));

  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server does not listen on a TCP port.');

  const drain = (): void => {
    draining = true;
    for (const res of running) if (!res.headersSent) res.shouldKeepAlive = false;
  };
  return {
    port: address.port,
    drain,
    leave: async (waitMs) => {
      drain();
      // Only the end of the listening that all servers have: that of HTTP closes idle connections, on which the next
      // request may be under way.
      const ended = new Promise<void>((resolve) => Server.prototype.close.call(server, () => resolve()));
      const timer = Promise.withResolvers<void>();
      const timeout = setTimeout(timer.resolve, waitMs);
      await Promise.race([ended, timer.promise]);
      clearTimeout(timeout);
    },
    stop: async (graceMs) => {
      drain();
      // As in `leave`: that of HTTP also cuts connections whose client has still to read an answer that has ended.
      const closed = new Promise<void>((resolve) => Server.prototype.close.call(server, () => resolve()));
      const closeIdle = (): void => {
        for (const socket of sockets) if (running.isIdle(socket)) socket.destroy();
      };
      closeIdle();
      // It waits for the rest of headers that have begun, which no longer have a time to arrive in.
      const closing = setInterval(() => {
        for (const socket of sockets) if (running.of(socket).length === 0) socket.destroy();
      }, limits.closeUnansweredEveryMs);
      // An answer that had begun before the drain has told its client that the connection is kept.
      for (const res of running) res.once('close', closeIdle);
      let cut = 0;
      const timer = setTimeout(() => {
        cut = running.size;
        server.closeAllConnections();
      }, graceMs);
      await closed;
      clearTimeout(timer);
      clearInterval(closing);
      // Only now, for what it ends besides: the timer that looks for slow requests.
      server.close();
      return cut;
    },
  };
}

/** What Node.js's HTTP parser could not read never reaches Express; it is answered here, as a problem like any other. */
function answerUnreadable(
  error: NodeJS.ErrnoException,
  socket: Socket,
  { events, problems }: { events: EventStream<HttpEvent>; problems: ProblemCatalogue },
): void {
  const problem = problems.get(codeOfParserError(error.code));
  if (!problem) throw new Error('The problem catalogue lacks an HTTP parser problem.');
  const requestId = randomUUID();
  events.emit({ type: 'request-unreadable', requestId, status: problem.status, code: problem.code });
  const body = JSON.stringify(describeProblem(problem, { detail: problem.meaning, instance: '/', requestId }));
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
      `Content-Type: ${problemMediaType}; charset=utf-8`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${requestId}`,
      ...[...answerHeaders].map(([name, value]) => `${name}: ${value}`),
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
    // A client that never closes its side would keep the socket.
    () => socket.destroySoon(),
  );
}

function codeOfParserError(code: string | undefined): string {
  if (code === 'HPE_HEADER_OVERFLOW') return 'header-fields-too-large';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request-timeout';
  return 'malformed-request';
}
