import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startProcess } from '../../helpers/child-process.ts';

const problems: Readonly<Record<string, number>> = {
  'user-id-taken': 409,
  'internal-error': 500,
  'route-not-found': 404,
};

describe('The import of users', () => {
  let folder: string;
  let server: Server;
  let created: string[];

  /** What the API makes of a user stands in its name. */
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const user = JSON.parse(Buffer.concat(chunks).toString()) as { id: string; name: string };
    const status = problems[user.name];
    if (status === undefined) {
      created.push(user.id);
      outgoing.writeHead(201).end(JSON.stringify({ ...user, version: 1 }));
    } else {
      const problem = { title: 'A title', status, code: user.name, detail: 'A detail.', requestId: 'request-1' };
      outgoing.writeHead(status).end(JSON.stringify(problem));
    }
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'import-'));
    created = [];
    server = createServer((incoming, outgoing) => {
      // The import gives up what it has begun.
      answer(incoming, outgoing).catch(() => incoming.socket.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
    await rm(folder, { recursive: true });
  });

  const importOf = async (text: string, url?: string): Promise<{ code: number | null; output: string }> => {
    const file = join(folder, 'users.csv');
    await writeFile(file, text);
    const address = url ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const running = startProcess([process.execPath, 'examples/import-users.ts', file, address]);
    const { code } = await running.exited;
    return { code, output: running.output };
  };

  it('names each row that is refused, also when several have one id', async () => {
    const { code, output } = await importOf(
      'id,name,email\n1,Ada,ada@example.com\n1,user-id-taken,b@example.com\n1,user-id-taken,c@example.com\n',
    );
    expect(output).toContain('3 of 3 users\n');
    expect(output).toContain('1 created, 0 there already, 2 refused\n');
    expect(output.match(/^1: A title: A detail\.$/gm)).toHaveLength(2);
    expect(code).toBe(1);
  });

  it.each(['internal-error', 'route-not-found'])('ends at %s, which is not about one user', async (code) => {
    const others = Array.from({ length: 200 }, (_, user) => `${user},Ada,${user}@example.com\n`);
    const { output, ...exit } = await importOf(`id,name,email\nfirst,${code},a@example.com\n${others.join('')}`);
    expect({ ...exit, output }).toEqual({
      code: 1,
      output: expect.stringContaining('ProfileProblem: A title: A detail. Run this again to go on.\n'),
    });
    expect(created.length).toBeLessThan(100);
  });

  it.each([
    ['a record too short', 'id,name,email\n1,Ada\n', undefined, 'SyntaxError: Record 1 has 2 fields.\n'],
    ['no ids', 'name,email\nAda,ada@example.com\n', undefined, 'SyntaxError: There is no column id.\n'],
    ['other separators', 'id;name;email\n1;Ada;ada@example.com\n', undefined, 'SyntaxError: There is no column id.\n'],
    ['an address that is none', 'id,name,email\n', 'localhost:8080', /^TypeError: .*\n$/],
  ])('says in a line what is wrong with %s', async (_what, text, url, message) => {
    const { code, output } = await importOf(text, url);
    expect(code).toBe(1);
    expect(output).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
    expect(created).toEqual([]);
  });
});
