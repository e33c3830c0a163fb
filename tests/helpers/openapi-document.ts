import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { load } from 'js-yaml';

/** A place in openapi.yaml: its JSON pointer, and the object that stands there. */
export interface Place {
  readonly pointer: string;
  readonly value: Readonly<Record<string, unknown>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly place: Place;
  readonly schema: Place;
}

const file = new URL('../../openapi.yaml', import.meta.url);
const root: Place = { pointer: '', value: load(readFileSync(file, 'utf8')) as Place['value'] };

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
ajvFormats.default(ajv);
// What an e-mail address is depends on whom one asks; the file's own pattern says what is checked.
ajv.addFormat('idn-email', true);
// Ajv takes the document for a schema that holds the others; its members say nothing about a value.
ajv.addVocabulary(Object.keys(root.value));
ajv.addSchema(root.value, 'openapi.yaml');

/** The place at the end of `keys`, with references followed on the way; undefined when there is none. */
export function find(...keys: readonly string[]): Place | undefined {
  return within(root, ...keys);
}

/** The same, from `place` on. */
export function within(place: Place, ...keys: readonly string[]): Place | undefined {
  let current: Place | undefined = place;
  for (const key of keys) {
    const value: unknown = current.value[key];
    if (!isObject(value)) return undefined;
    const next: Place = { pointer: `${current.pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, value };
    current = follow(next);
    if (current === undefined) return undefined;
  }
  return current;
}

/** The keys of what stands at `place`; none when there is no such place. */
export function keysOf(place: Place | undefined): string[] {
  return Object.keys(place?.value ?? {});
}

/** What is wrong with `value` according to the schema; nothing when it conforms. */
export function violationsOf(schema: Place, value: unknown): string[] {
  const validate = ajv.getSchema(`openapi.yaml#${encodeURI(schema.pointer)}`);
  if (validate === undefined) throw new Error(`There is no schema at #${schema.pointer}.`);
  if (validate(value) === true) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/** What an operation takes in its path, query and headers. */
export function parametersOf(template: string, method: string): Parameter[] {
  const parameters = find('paths', template, method, 'parameters');
  return keysOf(parameters).map((index) => {
    const place = parameters && within(parameters, index);
    const schema = place && within(place, 'schema');
    if (place === undefined || schema === undefined) throw new Error(`A parameter of ${template} has no schema.`);
    const { name, in: where, required } = place.value;
    return { name: String(name), in: String(where), required: required === true, place, schema };
  });
}

/** The template among the paths of the file that `pathname` fits. */
export function templateOf(pathname: string): string | undefined {
  const segments = pathname.split('/');
  return keysOf(find('paths')).find((template) => {
    const pattern = template.split('/');
    return (
      pattern.length === segments.length &&
      pattern.every((part, index) => (part.startsWith('{') ? segments[index] !== '' : part === segments[index]))
    );
  });
}

/** Text from a query, a path or a header as the value that the schema speaks of: integers are plain decimal digits. */
export function valueOf(schema: Place, text: string): string | number {
  return schema.value['type'] === 'integer' && /^(?:0|-?[1-9]\d*)$/.test(text) ? Number(text) : text;
}

/** Where a `$ref` leads. */
export function targetOf(reference: string): Place | undefined {
  const keys = reference.slice('#/'.length).split('/');
  return find(...keys.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~')));
}

/** A reference that stands alone leads on; one with siblings is a schema, which Ajv reads itself. */
function follow(place: Place): Place | undefined {
  const reference = place.value['$ref'];
  return typeof reference === 'string' && keysOf(place).length === 1 ? targetOf(reference) : place;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
