import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** What the process was told from outside; unset and empty mean the same. */
export type Env = Readonly<Record<string, string>>;

/** Reads the environment, with `.env` of the working directory beneath it. The only reader of `process.env`. */
export function readEnv(): Env {
  const file = existsSync('.env') ? parseEnv(readFileSync('.env', 'utf8')) : {};
  return { ...nonEmpty(file), ...nonEmpty(process.env) };
}

function nonEmpty(variables: NodeJS.Dict<string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => Boolean(entry[1]?.trim())),
  );
}
