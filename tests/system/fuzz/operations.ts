import fc from 'fast-check';
import {
  find,
  keysOf,
  type Parameter,
  parametersOf,
  type Place,
  targetOf,
  within,
} from '../../helpers/openapi-document.ts';
import { bodies, ids, queries } from '../../unit/openapi/request-arbitraries.ts';
import { existingId, freshEmail, type WireRequest } from './wire-request.ts';

/** A path of the file with one of its methods. */
export interface Operation {
  readonly method: string;
  readonly template: string;
}

/** One has no end, and the others would open the breakers that the run needs closed; they have tests of their own. */
const leftOut: ReadonlySet<string> = new Set(['/ops/resilience/stream', '/ops/breakers/{name}', '/ops/provider']);

export const operations: readonly Operation[] = keysOf(find('paths'))
  .filter((template) => !leftOut.has(template))
  .flatMap((template) => keysOf(find('paths', template)).map((method) => ({ method, template })));

/** Requests of the operation as the file describes them, and some that are next to it. */
export function requestsOf(operation: Operation): fc.Arbitrary<WireRequest> {
  const parameters = parametersOf(operation.template, operation.method);
  const inHeader = parameters.filter((parameter) => parameter.in === 'header');
  const mediaTypes = keysOf(find('paths', operation.template, operation.method, 'requestBody', 'content'));
  return fc
    .record({
      target: targetsOf(operation, parameters),
      given: fc.tuple(...inHeader.map((parameter) => fc.option(headerOf(parameter), { freq: 2 }))),
      others: fc.tuple(...commonHeaders.map((header) => fc.option(header, { freq: 4 }))),
      method: fc.oneof({ weight: 10, arbitrary: fc.constant(operation.method) }, fc.constantFrom('head', 'options')),
      body:
        mediaTypes.length === 0 ? fc.constant(null) : fc.oneof(...mediaTypes.map((type) => contentOf(operation, type))),
    })
    .map(({ target, given, others, method, body }) => ({
      method: (method === 'head' && operation.method !== 'get' ? operation.method : method).toUpperCase(),
      target,
      version: 'HTTP/1.1',
      headers: [
        ['Host', 'fuzz.example'],
        ['Connection', 'close'],
        ...given.filter((header) => header !== null),
        ...others.filter((header) => header !== null),
        ...(body === null ? [] : ([['Content-Type', body.type]] as const)),
      ],
      body: body === null ? null : Buffer.from(body.text),
      text: body === null ? null : body.text,
      sound: true,
    }));
}

const token = 'fuzz-operator-token';
/** What the service under test is started with. */
export const opsToken = token;

const commonHeaders: readonly fc.Arbitrary<readonly [string, string]>[] = [
  fc
    .constantFrom('application/json', '*/*', 'application/problem+json', 'text/html, */*;q=0.1')
    .map((it) => ['Accept', it] as const),
  fc.stringMatching(/^[A-Za-z0-9_.~:/+=@-]{1,128}$/).map((it) => ['X-Request-Id', it] as const),
  fc.constantFrom('https://app.example', 'https://evil.example', 'null').map((it) => ['Origin', it] as const),
  fc
    .constantFrom(`Bearer ${token}`, `bearer  ${token}`, 'Bearer x', 'Basic YTpi')
    .map((it) => ['Authorization', it] as const),
  fc
    .constantFrom('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', '00-0-0-01', 'ff')
    .map((it) => ['traceparent', it] as const),
];

const existing = fc.nat(50).map(existingId);

function targetsOf({ method, template }: Operation, parameters: readonly Parameter[]): fc.Arbitrary<string> {
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  const values = inPath.map(({ name, place, schema }) =>
    name === 'id'
      ? fc.oneof({ weight: 4, arbitrary: existing }, ids.map(String), examplesOf(place).map(String))
      : fc.oneof(valuesOf(schema).map(String), fc.string({ maxLength: 20 })),
  );
  const inQuery = parameters.filter((parameter) => parameter.in === 'query');
  const pair = ({ name, schema }: Parameter) =>
    valuesOf(schema).map((value) => `${name}=${encodeURIComponent(wellFormed(value))}`);
  const query = fc.oneof(
    { weight: 3, arbitrary: fc.constant('') },
    {
      weight: 3,
      arbitrary: fc
        .tuple(...inQuery.map((parameter) => fc.option(pair(parameter))))
        .map((pairs) => pairs.filter((it) => it !== null).join('&')),
    },
    { weight: method === 'get' && inQuery.length > 0 ? 4 : 0, arbitrary: queries },
  );
  return fc.tuple(fc.tuple(...values), query).map(([parts, search]) => {
    const path = inPath.reduce(
      (filled, { name }, index) =>
        filled.replace(`{${name}}`, () => encodeURIComponent(wellFormed(parts[index] ?? ''))),
      template,
    );
    return search === '' ? path : `${path}?${search}`;
  });
}

function headerOf({ name, schema, place }: Parameter): fc.Arbitrary<readonly [string, string]> {
  const values = fc.oneof(
    valuesOf(schema).map(String),
    examplesOf(place).map(String),
    // The same again and again, for keys that have been used and versions that are there.
    fc
      .constantFrom('"1"', '"2"', 'W/"1"', '*', '"0", "1"')
      .map((tag) => (name === 'Idempotency-Key' ? `key-${tag.length}` : tag)),
  );
  return values.map((value) => [name, value] as const);
}

function contentOf({ method, template }: Operation, type: string): fc.Arbitrary<{ type: string; text: string }> {
  const place = find('paths', template, method, 'requestBody', 'content', type);
  const schema = place && within(place, 'schema');
  if (place === undefined || schema === undefined) throw new Error(`${method} ${template} has no schema for ${type}.`);
  const charset = fc.constantFrom(type, type, `${type}; charset=utf-8`, type.toUpperCase());
  const body = fc.oneof(
    { weight: 3, arbitrary: bodies },
    { weight: 3, arbitrary: valuesOf(schema) },
    examplesOf(place),
  );
  const wishes = fc.constantFrom<Wish>('as it is', 'fresh', 'fresh', 'fresh without id');
  return fc.tuple(charset, body, wishes).map(([given, value, wish]) => ({
    type: given,
    text: JSON.stringify(madeUsable(value, wish, method === 'post')),
  }));
}

type Wish = 'as it is' | 'fresh' | 'fresh without id';

/** Most e-mail addresses that are made up are wrong or taken; what stands behind that is to be reached, too. */
function madeUsable(value: unknown, wish: Wish, needsEmail: boolean): unknown {
  if (wish === 'as it is' || typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const body: Record<string, unknown> = { name: 'Ada', ...value };
  if (needsEmail || 'email' in body) body['email'] = freshEmail;
  if (wish === 'fresh without id') delete body['id'];
  return body;
}

function examplesOf(place: Place): fc.Arbitrary<unknown> {
  const examples = within(place, 'examples');
  const values = keysOf(examples).map((name) => examples && within(examples, name)?.value['value']);
  return values.length === 0 ? fc.constant('x') : fc.constantFrom(...values);
}

/** Values of a JSON schema: mostly within its rules, as far as its keywords are known here. */
function valuesOf(place: Place): fc.Arbitrary<unknown> {
  const { $ref: reference, ...own } = place.value;
  const target = typeof reference === 'string' ? targetOf(reference) : undefined;
  const schema: Place = target === undefined ? place : { pointer: place.pointer, value: { ...target.value, ...own } };
  const { enum: choices, const: only } = schema.value;
  if (Array.isArray(choices)) return fc.constantFrom(...choices);
  if (only !== undefined) return fc.constant(only);
  const { type = 'object' } = schema.value;
  const types = Array.isArray(type) ? type : [type];
  return fc.oneof(...types.map((one) => valuesOfType(one, schema)));
}

function valuesOfType(type: unknown, schema: Place): fc.Arbitrary<unknown> {
  const { minimum = -5, maximum = 5, minLength = 0, maxLength = 300, pattern, required } = schema.value;
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'integer':
      return fc.integer({ min: Number(minimum), max: Number(maximum) });
    case 'string': {
      const text = fc.string({ minLength: Number(minLength), maxLength: Math.min(Number(maxLength), 300) });
      const matching = typeof pattern === 'string' ? stringsMatching(pattern) : null;
      return matching === null ? text : fc.oneof({ weight: 3, arbitrary: matching }, text);
    }
    case 'object': {
      const properties = within(schema, 'properties');
      if (properties === undefined)
        return fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });
      const fields = keysOf(properties).map((name) => {
        const property = within(properties, name);
        return [name, property === undefined ? fc.constant(null) : valuesOf(property)] as const;
      });
      return fc.record(Object.fromEntries(fields), { requiredKeys: [required ?? []].flat().map(String) });
    }
    default:
      throw new Error(`There are no values for the type ${JSON.stringify(type)}.`);
  }
}

/** @returns null when the pattern looks ahead, which fast-check cannot follow */
function stringsMatching(pattern: string): fc.Arbitrary<string> | null {
  return pattern.includes('(?!') ? null : fc.stringMatching(new RegExp(pattern));
}

function wellFormed(value: unknown): string {
  return String(value).toWellFormed();
}
