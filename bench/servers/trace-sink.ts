import { createServer } from 'node:http';

/** Takes traces and forgets them. */
const server = createServer((request, response) => {
  request.resume().once('end', () => void response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
});
server.listen(Number(process.env['PORT']), '127.0.0.1');
