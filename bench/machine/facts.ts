import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { promisify } from 'node:util';
import { repositoryRoot } from './processes.ts';

/** Where the figures come from, by name. */
export type Facts = readonly (readonly [name: string, value: string])[];

export async function machineFacts(): Promise<Facts> {
  const os = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const name = /^PRETTY_NAME="?([^"\n]+)/m.exec(os)?.[1];
  return [
    ['Processor', `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores`],
    ['Memory', `${Math.round(totalmem() / 2 ** 30)} GiB`],
    ['System', `${name === undefined ? '' : `${name}, `}${type()} ${release()}`],
    ['Node.js', process.version],
    ['Commit', await commit()],
  ];
}

async function commit(): Promise<string> {
  try {
    const hash = await git('rev-parse', '--short=10', 'HEAD');
    return (await git('status', '--porcelain', '--', 'src', 'package.json')) === '' ? hash : `${hash}, changed`;
  } catch {
    return 'unknown';
  }
}

async function git(...args: readonly string[]): Promise<string> {
  return (await promisify(execFile)('git', [...args], { cwd: repositoryRoot })).stdout.trim();
}
