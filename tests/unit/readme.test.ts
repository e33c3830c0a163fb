import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { profilesSettings } from '../../src/profiles/index.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(resolve(root, file), 'utf8');

interface Described {
  keys: Record<string, { flags: { default?: string | number; description: string; presence?: string } }>;
}

describe('The README', () => {
  it('has the configuration table that the settings say', () => {
    const { keys } = profilesSettings.describe() as unknown as Described;
    const rows = Object.entries(keys).map(([name, { flags }]) => {
      const value = flags.default === undefined ? 'none' : `\`${flags.default}\``;
      return `| \`${name}\` | ${flags.presence === 'required' ? 'required' : value} | ${flags.description} |`;
    });
    const table = /\| Variable \| Default \| Meaning \|\n\|---\|---\|---\|\n((?:\|.*\n)*)/.exec(read('README.md'))?.[1];
    expect(table?.trim().split('\n')).toEqual(rows);
  });

  it('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const documents = [read('README.md'), read('CONTRIBUTING.md')].join('\n');
    const named = [...documents.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => String(name));
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});
