import { copyFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { LoadProcess } from '../load/load-process.ts';
import { repositoryRoot } from '../machine/processes.ts';
import type { Comparison, Contender } from '../suite/comparison.ts';
import { type SelfTime, selfTimesOf } from './self-times.ts';

const warmUpMs = 3_000;
const profiledMs = 5_000;
const functionsShown = 25;
/** Packages with less are added up. */
const leastShare = 0.005;

/** Profiles each of the comparison's servers under its load. @returns a report for people */
export async function profileComparison({ name, contenders }: Comparison, load: LoadProcess): Promise<string> {
  const reports: string[] = [];
  for (const contender of contenders) {
    const { profile } = contender.server;
    if (profile === null) continue;
    const title = `${name}, ${contender.label}`;
    const kept = join(repositoryRoot, `${title.replaceAll(/\W+/g, '-').toLowerCase()}.cpuprofile`);
    const report = await profileContender(contender, load, profile);
    await copyFile(profile, kept);
    // The same server may be asked for something else next.
    await rm(profile);
    reports.push(`${title}: ${report}\nFor a flame chart: ${kept}\n`);
  }
  return reports.length === 0 ? `In ${name} there is no server to profile.\n` : reports.join('\n');
}

async function profileContender(
  { server, plan, connections, expectedStatus }: Contender,
  load: LoadProcess,
  file: string,
): Promise<string> {
  const run = async (durationMs: number) =>
    await load.run({ port: server.port, connections, durationMs, plan, expectedStatus });
  await run(warmUpMs);
  process.kill(server.pid, 'SIGUSR2');
  const { requests } = await run(profiledMs);
  process.kill(server.pid, 'SIGUSR2');
  const { packages, functions, busyMs } = selfTimesOf(JSON.parse(await whenWritten(file)));
  const usPerRequest = (busyMs * 1_000) / requests;
  const line = ({ name, share }: SelfTime): string =>
    `${(share * 100).toFixed(1).padStart(6)} % ${(share * usPerRequest).toFixed(1).padStart(7)} µs  ${name}`;
  const small = packages.filter(({ share }) => share < leastShare);
  const rest = { name: `${small.length} others`, share: small.reduce((sum, { share }) => sum + share, 0) };
  return [
    `${requests} requests, ${usPerRequest.toFixed(1)} µs each while profiled`,
    ...[...packages.filter(({ share }) => share >= leastShare), rest].map(line),
    '',
    ...functions.slice(0, functionsShown).map(line),
  ].join('\n');
}

async function whenWritten(file: string): Promise<string> {
  const expiresAt = performance.now() + 30_000;
  for (;;) {
    try {
      return await readFile(file, 'utf8');
    } catch (error) {
      if (performance.now() > expiresAt) throw error;
    }
    await delay(50);
  }
}
