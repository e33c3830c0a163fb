import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, startProcess } from './child-process.ts';
import { eventually } from './eventually.ts';

/** A load balancer in front of instances of the service. */
export interface Haproxy {
  readonly url: string;
  /** Which of the instances, in the order that they were given in, it sends requests to. */
  inRotation(): Promise<readonly boolean[]>;
  stop(): Promise<void>;
}

const execute = promisify(execFile);

/** Why there is none on this machine, or null. */
export async function haproxyMissing(): Promise<string | null> {
  try {
    await execute('which', ['haproxy']);
    return null;
  } catch {
    return 'haproxy is not installed';
  }
}

/**
 * As plain as it can be: it asks each instance five times a second whether it is ready, and believes the first answer.
 * What goes wrong on the way to an instance is not tried again, so that clients see it.
 */
const configuration = (port: number, statsPort: number, instances: readonly string[]): string => `
global
  nbthread 1
defaults
  mode http
  timeout connect 1s
  timeout client 30s
  timeout server 30s
  timeout check 2s
  retries 0
  no option redispatch
frontend api
  bind 127.0.0.1:${port}
  default_backend instances
backend instances
  balance roundrobin
  option httpchk GET /ready
  http-check expect status 200
${instances.map((url, index) => `  server i${index} ${new URL(url).host} check inter 200ms fall 1 rise 1`).join('\n')}
frontend stats
  bind 127.0.0.1:${statsPort}
  stats enable
  stats uri /
`;

export async function startHaproxy(instances: readonly string[]): Promise<Haproxy> {
  const [port, statsPort] = [await freePort(), await freePort()];
  const folder = await mkdtemp(join(tmpdir(), 'profiles-haproxy-'));
  const file = join(folder, 'haproxy.cfg');
  await writeFile(file, configuration(port, statsPort, instances));
  const child = startProcess(['haproxy', '-db', '-f', file]);

  const inRotation = async (): Promise<boolean[]> => {
    const table = await (await fetch(`http://127.0.0.1:${statsPort}/;csv`)).text();
    return instances.map((_, index) => new RegExp(`^instances,i${index},(?:[^,]*,){15}UP`, 'm').test(table));
  };
  const stop = async (): Promise<void> => {
    await child.kill('SIGTERM');
    await rm(folder, { recursive: true });
  };
  try {
    await eventually(async () => void (await inRotation()));
  } catch (cause) {
    await stop();
    throw new Error(`haproxy does not run:\n${child.output}`, { cause });
  }
  return { url: `http://127.0.0.1:${port}`, inRotation, stop };
}
