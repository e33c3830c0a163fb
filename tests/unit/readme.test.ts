import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { profilesSettings } from '../../src/profiles/index.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(resolve(root, file), 'utf8');

interface Described {
  keys: Record<string, { flags: { default?: string | number | boolean; description: string; presence?: string } }>;
}

describe('The README', () => {
  it('has the configuration table that the settings say', () => {
    const { keys } = profilesSettings.describe() as unknown as Described;
    const rows = Object.entries(keys).map(([name, { flags }]) => {
      // In a table the bar would end the cell, in code as well.
      const value = flags.default === undefined ? 'none' : `\`${flags.default}\``.replaceAll('|', '\\|');
      return `| \`${name}\` | ${flags.presence === 'required' ? 'required' : value} | ${flags.description} |`;
    });
    const table = /\| Variable \| Default \| Meaning \|\n\|---\|---\|---\|\n((?:\|.*\n)*)/.exec(read('README.md'))?.[1];
    expect(table?.trim().split('\n')).toEqual(rows);
  });
});

const documents = ['.', 'deploy', 'docs', 'docs/decisions', 'examples'].flatMap((folder) =>
  readdirSync(resolve(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);

/** What GitHub makes of a document's headings, so that they can be linked to. */
const anchorsOf = (file: string): string[] =>
  [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

/** The file and anchor of each link that leads to another place of the repository. */
const linksOf = (document: string): { target: string; anchor: string }[] =>
  [...read(document).matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].map(([, path = '', anchor = '']) => ({
    target: path === '' ? document : relative(root, resolve(root, dirname(document), path)),
    anchor,
  }));

const isBroken = ({ target, anchor }: { target: string; anchor: string }): boolean =>
  !existsSync(resolve(root, target)) || (anchor !== '' && !anchorsOf(target).includes(anchor));

describe('A document', () => {
  // The reader's own Node.js may be 20, which runs no TypeScript; npm takes that of the project. Decisions are not to type.
  const guides = documents.filter((document) => !document.startsWith('docs/decisions/'));
  it.each([
    ...guides,
    'examples/import-users.ts',
  ])('(%s) has TypeScript run by npm scripts, which exist', (document) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...read(document).matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => String(name));
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
    expect(read(document)).not.toMatch(/\bnode \S+\.ts\b/);
  });

  it.each(documents)('(%s) has no link within the repository that leads nowhere', (document) => {
    expect(linksOf(document).filter(isBroken)).toEqual([]);
  });

  it('has links that are looked at', () => {
    const links = documents.flatMap(linksOf);
    expect(links.filter(({ anchor }) => anchor !== '').length).toBeGreaterThan(20);
    expect(isBroken({ target: 'README.md', anchor: 'nowhere' })).toBe(true);
    expect(isBroken({ target: 'docs/nowhere.md', anchor: '' })).toBe(true);
  });
});
