import { createServer, type RequestListener, type ServerResponse, STATUS_CODES } from 'node:http';
import { v7 as uuidv7 } from 'uuid';
import type { Socket } from 'node:net';
import type { ProblemCatalogue } from './problem-catalogue.ts';
import { describeProblem, problemMediaType } from './problem-details.ts';

/** A listening HTTP server. */
export interface HttpServer {
  readonly port: number;
  /** Takes no new connections, lets running requests finish for `graceMs`, then cuts what is left. */
  stop(graceMs: number): Promise<void>;
}

/** @throws Error with code EADDRINUSE or EACCES when the port cannot be had */
export async function startHttpServer(
  handler: RequestListener,
  options: { host: string; port: number; problems: ProblemCatalogue },
): Promise<HttpServer> {
  const running = new Set<ServerResponse>();
  let stopping = false;
  const listener: RequestListener = (req, res) => {
    // Told so, clients go elsewhere instead of sending the next request into a closing connection.
    if (stopping) res.shouldKeepAlive = false;
    running.add(res);
    res.once('close', () => running.delete(res));
    handler(req, res);
  };
  // A missing Host is answered by the application, as a problem.
  const server = createServer({ requireHostHeader: false }, listener);
  // An expectation other than 100-continue is passed over, as RFC 9110 allows.
  server.on('checkExpectation', listener);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // An error in the body of a request is its answer. Behind a complete request, it would be taken for the answer to
    // that one, which may have had its effect.
    const hasOtherAnswer = [...running].some((res) => res.socket === socket && (res.headersSent || res.req.complete));
    answerUnreadable(error, socket, hasOtherAnswer, options.problems);
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });

  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server does not listen on a TCP port.');

  return {
    port: address.port,
    stop: async (graceMs) => {
      stopping = true;
      for (const res of running) if (!res.headersSent) res.shouldKeepAlive = false;
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      // `close` lets idle keep-alive connections go, and waits for those with a request in them.
      await new Promise<void>((resolve) => server.close(() => resolve()));
      clearTimeout(cut);
    },
  };
}

/** What Node.js's HTTP parser could not read never reaches Express; it is answered here, as a problem like any other. */
function answerUnreadable(
  error: NodeJS.ErrnoException,
  socket: Socket,
  hasOtherAnswer: boolean,
  problems: ProblemCatalogue,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable || hasOtherAnswer) {
    socket.destroy();
    return;
  }
  const problem = problems.get(codeOfParserError(error.code));
  if (!problem) throw new Error('The problem catalogue lacks an HTTP parser problem.');
  const requestId = uuidv7();
  const body = JSON.stringify(describeProblem(problem, { detail: problem.meaning, instance: '/', requestId }));
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
      `Content-Type: ${problemMediaType}; charset=utf-8`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${requestId}`,
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
