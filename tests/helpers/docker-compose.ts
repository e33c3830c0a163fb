import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { repositoryRoot } from './child-process.ts';

const execute = promisify(execFile);

/** What the engine knows about a container. */
export interface ContainerState {
  readonly status: string;
  readonly exitCode: number;
  readonly startedAt: string;
  readonly restartCount: number;
  /** `none` when it has no health check. */
  readonly health: string;
}

/** Why `docker compose` cannot be used here, or null. */
export async function dockerMissing(): Promise<string | null> {
  try {
    await execute('docker', ['info', '--format', '{{.ServerVersion}}']);
    await execute('docker', ['compose', 'version']);
    return null;
  } catch (error) {
    return `there is no Docker engine with compose (${messageOf(error)})`;
  }
}

/** `docker <args>`: what it has written to stdout. @throws Error with both streams when it fails */
export async function docker(...args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await execute('docker', args, { cwd: repositoryRoot, maxBuffer: 64 * 1024 * 1024 });
    return stdout.trim();
  } catch (cause) {
    throw new Error(`docker ${args.join(' ')} failed: ${messageOf(cause)}`, { cause });
  }
}

/** The repository's compose file under a project name of the tests' own. */
export class ComposeProject {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  /** `docker compose <args>`, without colours and progress bars. @throws Error with the output when it fails */
  async run(...args: readonly string[]): Promise<string> {
    return await docker('compose', '--project-name', this.#name, '--progress', 'plain', '--ansi', 'never', ...args);
  }

  /** The container of a service, running or not. */
  async containerId(service: string): Promise<string> {
    return await this.run('ps', '--all', '--quiet', service);
  }

  async state(service: string): Promise<ContainerState> {
    const format =
      '{"status":{{json .State.Status}},"exitCode":{{.State.ExitCode}},"startedAt":{{json .State.StartedAt}},' +
      '"restartCount":{{.RestartCount}},"health":{{if .State.Health}}{{json .State.Health.Status}}{{else}}"none"{{end}}}';
    return JSON.parse(await docker('inspect', '--format', format, await this.containerId(service))) as ContainerState;
  }
}

/** Not by `instanceof`: what Node.js itself throws is no `Error` of the realm that Jest runs tests in. */
function messageOf(error: unknown): string {
  const { message, stdout, stderr } = error as { message?: string; stdout?: string; stderr?: string };
  return [message, stdout, stderr].filter(Boolean).join('\n');
}
