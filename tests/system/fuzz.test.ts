import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, jest } from '@jest/globals';
import { type ChildProcess, freePort, repositoryRoot, startProcess } from '../helpers/child-process.ts';
import { type Engine, engines } from '../helpers/engines.ts';
import { describeWith } from '../helpers/services.ts';
import { createHttpClient } from './acceptance/http-client.ts';
import { createUser, userIn } from './acceptance/target.ts';
import { faultsOf } from './fuzz/judge.ts';
import { opsToken, operations } from './fuzz/operations.ts';
import { exchange, type RawAnswer } from './fuzz/raw-http.ts';
import { type FuzzedRequest, fuzzedRequests } from './fuzz/requests.ts';
import { bytesOf, completed, type WireRequest } from './fuzz/wire-request.ts';

/** The guarantee speaks of 10^4. By hand: FUZZ_ENGINE=MySQL FUZZ_REQUESTS=50000 npm run test:system -- fuzz. */
const count = Number(process.env['FUZZ_REQUESTS'] ?? 12_000);
const seed = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 31));
const wanted = process.env['FUZZ_ENGINE'] ?? 'SQLite';
const faultsShown = 10;

jest.setTimeout(600_000);

for (const engine of engines.filter(({ name }) => name === wanted)) {
  describeWith(engine.missing, `P5: bad input on ${engine.name}`, () => {
    it('is answered as openapi.yaml says, whatever it is', async () => {
      process.stdout.write(`P5: ${count} requests, FUZZ_SEED=${seed}\n`);
      await withService(engine, async (port, service) => {
        const run = await sendAll(port, fuzzedRequests(count, seed));
        process.stdout.write(`P5: ${JSON.stringify(run.statuses)}, ${Math.round(run.elapsedMs / 1_000)} s\n`);

        expect(run.faults.slice(0, faultsShown).join('\n\n')).toBe('');
        // What nobody has reached has not been tried.
        expect([...run.reached].sort()).toEqual(operations.map(nameOf).sort());

        const api = createHttpClient(`http://127.0.0.1:${port}`);
        expect((await api.send('GET', '/health')).status).toBe(200);
        expect((await api.send('GET', '/ready')).status).toBe(200);
        const user = await createUser(api);
        expect(userIn(await api.send('GET', `/api/users/${user.id}`), 200)).toEqual(user);
        expect(service.output).not.toMatch(/"level":"(error|fatal)"/);
      });
    });
  });
}

/** The embedded mode, on a database of its own, with all that there is to reach. */
async function withService(
  engine: Engine,
  work: (port: number, service: ChildProcess) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'profiles-fuzz-'));
  const database = await engine.create();
  const [port, mockPort] = [await freePort(), await freePort()];
  const env = {
    PORT: `${port}`,
    MOCK_PORT: `${mockPort}`,
    DATABASE_URL: database.url,
    OPS_TOKEN: opsToken,
    CORS_ORIGINS: 'https://app.example',
  };
  const service = startProcess([process.execPath, join(repositoryRoot, 'src/main/local.ts')], { env, cwd: folder });
  try {
    await service.printed(/is running/);
    await work(port, service);
  } finally {
    await service.kill('SIGKILL');
    await database.drop();
    await rm(folder, { recursive: true });
  }
}

interface Run {
  readonly faults: string[];
  readonly statuses: Record<string, number>;
  /** The operations that have been carried out. */
  readonly reached: Set<string>;
  readonly elapsedMs: number;
}

/** One after the other, so that the same seed meets the same service. */
async function sendAll(port: number, requests: readonly FuzzedRequest[]): Promise<Run> {
  const startedAt = performance.now();
  const ids: string[] = [];
  const statuses: Record<string, number> = {};
  const reached = new Set<string>();
  const faults: string[] = [];
  let number = 0;
  for (const [index, { request: template, mutations }] of requests.entries()) {
    const request = completed(template, ids, () => (number += 1));
    const bytes = bytesOf(request);
    const { answers, failure } = await answersTo(port, bytes, request);
    for (const { status, body } of answers) {
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === 201) ids.unshift(idIn(body));
      if (status < 300) for (const name of operationsOf(request)) reached.add(name);
    }
    ids.splice(20);
    const wrong = failure === null ? faultsOf(request, answers) : [failure];
    if (wrong.length > 0) faults.push(describeFault(index, mutations, bytes, wrong));
  }
  return { faults, statuses, reached, elapsedMs: performance.now() - startedAt };
}

async function answersTo(
  port: number,
  bytes: Buffer,
  request: WireRequest,
): Promise<{ answers: RawAnswer[]; failure: string | null }> {
  try {
    return { answers: await exchange(port, bytes, request), failure: null };
  } catch (error) {
    return { answers: [], failure: error instanceof Error ? error.message : String(error) };
  }
}

function idIn(body: string): string {
  const { id }: { id?: string } = JSON.parse(body);
  return id ?? 'nobody';
}

const nameOf = ({ method, template }: { method: string; template: string }): string =>
  `${method.toUpperCase()} ${template}`;

/** The operation that a request is one of, if any: a path fits at most one template. */
function operationsOf({ method, target }: WireRequest): string[] {
  const segments = target.replace(/\?.*$/s, '').split('/');
  return operations
    .filter(({ template }) => {
      const parts = template.split('/');
      return (
        parts.length === segments.length && parts.every((part, at) => part.startsWith('{') || part === segments[at])
      );
    })
    .map(nameOf)
    .filter((name) => name.startsWith(`${method} `));
}

function describeFault(index: number, mutations: readonly string[], bytes: Buffer, faults: readonly string[]): string {
  const shown = JSON.stringify(bytes.toString('latin1', 0, 1_500));
  return [`#${index} (FUZZ_SEED=${seed}) [${mutations.join('; ')}]`, shown, ...faults].join('\n');
}
