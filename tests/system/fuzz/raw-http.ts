import { connect } from 'node:net';

/** An answer, read from the bytes. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const timeoutMs = 10_000;

/**
 * Sends bytes over a connection of their own and reads until the server has ended it. What asks for something announces
 * that it is the last; behind what only looks so, the connection is ended here, or the server would wait for more.
 *
 * @returns all answers but the interim ones; none when the server has hung up without a word
 * @throws Error when the server keeps the connection, or answers what is not HTTP
 */
export async function exchange(
  port: number,
  bytes: Buffer,
  { method, sound }: { readonly method: string; readonly sound: boolean },
): Promise<RawAnswer[]> {
  return answersIn(await bytesFor(port, bytes, !sound), method);
}

async function bytesFor(port: number, bytes: Buffer, ends: boolean): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    const received: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const timer = setTimeout(() => {
      reject(new Error('The server keeps the connection open.'));
      socket.destroy();
    }, timeoutMs);
    socket.on('data', (chunk) => received.push(chunk));
    // Bytes that the server does not want to read any more are reset; what it has said before counts.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(received));
    });
    socket.on('end', () => socket.end());
    socket.write(bytes);
    if (ends) socket.end();
  });
}

function answersIn(bytes: Buffer, method: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const headEnd = rest.indexOf('\r\n\r\n');
    const [statusLine = '', ...lines] = rest.subarray(0, headEnd).toString('latin1').split('\r\n');
    const [, code] = /^HTTP\/1\.[01] (\d{3}) /.exec(statusLine) ?? [];
    if (headEnd < 0 || code === undefined) throw new Error(`This is not HTTP: ${rest.toString('latin1', 0, 200)}`);
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const status = Number(code);
    const after = rest.subarray(headEnd + 4);
    const hasBody = status >= 200 && status !== 204 && status !== 304 && method !== 'HEAD';
    const [body, next] = hasBody ? split(after, headers) : [Buffer.alloc(0), after];
    if (status >= 200) answers.push({ status, headers, body: body.toString() });
    rest = next;
  }
  return answers;
}

function split(bytes: Buffer, headers: Readonly<Record<string, string>>): [body: Buffer, rest: Buffer] {
  if (headers['transfer-encoding'] === 'chunked') return unchunk(bytes);
  const length = headers['content-length'] === undefined ? bytes.length : Number(headers['content-length']);
  if (bytes.length < length) throw new Error(`The body has ${bytes.length} bytes, and ${length} were announced.`);
  return [bytes.subarray(0, length), bytes.subarray(length)];
}

function unchunk(bytes: Buffer): [body: Buffer, rest: Buffer] {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (lineEnd < 0 || Number.isNaN(size)) throw new Error('A chunk is broken off.');
    if (size === 0) return [Buffer.concat(chunks), bytes.subarray(lineEnd + 4)];
    chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}
