import { createServer } from 'node:http';
import { viewOf } from '../../src/profiles/users/user-view.ts';
import { numberedUserId } from '../../src/profiles/seed/numbered-user-id.ts';
import { benchUser } from '../users/bench-users.ts';

/**
 * What Node.js itself costs: profiles out of a map of strings, in the form in which it sends strings fastest, with the
 * headers that it is given, and nothing else.
 */
const { users, whole, unchanged }: { users: number; whole: string[]; unchanged: string[] } = JSON.parse(
  process.env['ANSWERS'] ?? '',
);

/** By path. One character for each byte, which is copied rather than encoded. */
const answers = new Map<string, { readonly body: string; readonly headers: string[] }>();
for (let n = 0; n < users; n++) {
  const body = Buffer.from(viewOf(benchUser(n), 0).body).toString('latin1');
  answers.set(`/api/users/${numberedUserId(n)}`, { body, headers: [...whole, 'Content-Length', `${body.length}`] });
}

const server = createServer((request, response) => {
  const answer = answers.get(request.url ?? '');
  if (answer === undefined) response.writeHead(request.url === '/' ? 200 : 404).end();
  else if (request.headers['if-none-match'] !== undefined) response.writeHead(304, unchanged).end();
  else response.writeHead(200, answer.headers).end(answer.body, 'latin1');
});
server.listen(Number(process.env['PORT']), '127.0.0.1');
