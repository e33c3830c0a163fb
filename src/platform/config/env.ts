import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';

/** What the process was told from outside; unset and empty mean the same. */
export type Env = Readonly<Record<string, string>>;

/** Reads the environment, with `.env` of the working directory beneath it. The only reader of `process.env`. */
export function readEnv(): Env {
  if (existsSync('.env')) loadEnvFile('.env');
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => Boolean(entry[1]?.trim())),
  );
}
