import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { MODES } from '../../mock-enrichment/mock-control.ts';
import { providerChangesSchema } from '../../src/profiles/dashboard/provider-state.ts';
import { repositoryRoot } from '../helpers/child-process.ts';

const read = (file: string) => readFileSync(join(repositoryRoot, file), 'utf8');

/** The values that a style sheet begins with. */
const tokensOf = (file: string) => /^:root \{\n(?: {2}[\w-]+: [^;]+;\n)+\}\n/m.exec(read(file))?.[0];

describe('The control page of the mock, which imports nothing of the service,', () => {
  const dashboard = 'src/profiles/dashboard/page';

  it('has the colours, letters and corners of the dashboard', () => {
    const tokens = tokensOf('mock-enrichment/page.css');

    expect(tokens?.match(/--[\w-]+(?=:)/g)).toHaveLength(13);
    expect(tokens).toBe(tokensOf(`${dashboard}/dashboard.css`));
  });

  it('has the modes that the dashboard offers and the service passes on', () => {
    const offered = [...read(`${dashboard}/provider-controls.js`).matchAll(/^ {2}'?([\w-]+)'?: \[/gm)].map(
      ([, mode]) => mode,
    );

    expect(new Set(offered)).toEqual(new Set(MODES));
    expect(providerChangesSchema.extract('mode').describe()['allow']).toEqual([...MODES]);
  });

  it('has the icon of the dashboard', () => {
    expect(read('mock-enrichment/icon.svg')).toBe(read(`${dashboard}/icon.svg`));
  });
});
