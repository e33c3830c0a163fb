import { once } from 'node:events';
import { createServer } from 'node:http';
import { reportToBenchmark } from './measured-process.ts';

/** Takes traces and forgets them. */
const server = createServer((request, response) => {
  request.resume().once('end', () => void response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
if (address === null || typeof address === 'string') throw new Error('The sink does not listen on a TCP port.');
reportToBenchmark(`http://127.0.0.1:${address.port}`);
