import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { load } from 'js-yaml';
import {
  find,
  keysOf,
  parametersOf,
  type Place,
  valueOf,
  violationsOf,
  within,
} from '../../helpers/openapi-document.ts';

interface Example {
  readonly operation: string;
  readonly name: string;
  readonly schema: Place;
  readonly place: Place;
  readonly responses: Place;
}

/** Every named example of a request. */
const examples: Example[] = keysOf(find('paths')).flatMap((path) =>
  keysOf(find('paths', path)).flatMap((method) => {
    const content = find('paths', path, method, 'requestBody', 'content');
    const bodies = keysOf(content).map((mediaType) => content && within(content, mediaType));
    const parameters = parametersOf(path, method).map(({ place }) => place);
    const responses = find('paths', path, method, 'responses');
    return [...bodies, ...parameters].flatMap((owner) => examplesOf(`${method} ${path}`, owner, responses));
  }),
);

describe('The examples of requests in openapi.yaml', () => {
  it.each(examples)('$operation: $name is valid, or is documented as what is answered with 400', (example) => {
    const { schema, place, responses, name } = example;
    const value = place.value['value'];
    const isValid = violationsOf(schema, typeof value === 'string' ? valueOf(schema, value) : value).length === 0;
    const answers = within(responses, '400', 'content', 'application/problem+json', 'examples');

    expect(keysOf(answers).includes(name)).toBe(!isValid);
  });

  it('are kept from the linters where they are wrong on purpose, and nowhere else', () => {
    const wrong = examples.filter(({ schema, place }) => violationsOf(schema, place.value['value']).length > 0);
    const pointers = new Set(wrong.map(({ place }) => place.pointer));

    expect(new Set(redoclyIgnores().map((pointer) => pointer.replace(/\/value.*$/, '')))).toEqual(pointers);
    expect(new Set(spectralIgnores())).toEqual(pointers);
  });
});

function examplesOf(operation: string, owner: Place | undefined, responses: Place | undefined): Example[] {
  const schema = owner && within(owner, 'schema');
  if (owner === undefined || schema === undefined || responses === undefined)
    throw new Error(`${operation} lacks a schema.`);
  return keysOf(within(owner, 'examples')).flatMap((name) => {
    const place = within(owner, 'examples', name);
    return place === undefined ? [] : [{ operation, name, schema, place, responses }];
  });
}

function redoclyIgnores(): string[] {
  const ignored = read('.redocly.lint-ignore.yaml') as Record<string, Record<string, string[]>>;
  return Object.values(ignored['openapi.yaml'] ?? {})
    .flat()
    .map((pointer) => pointer.slice('#'.length));
}

function spectralIgnores(): string[] {
  const { overrides } = read('.spectral.yaml') as { overrides: { files: string[]; rules: Record<string, string> }[] };
  return overrides
    .filter(({ rules }) => 'oas3-valid-media-example' in rules)
    .flatMap(({ files }) => files.map((file) => file.slice('openapi.yaml#'.length)));
}

function read(file: string): unknown {
  return load(readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8'));
}
