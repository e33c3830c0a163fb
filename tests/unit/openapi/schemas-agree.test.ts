import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ObjectSchema } from 'joi';
import { validateBody, validatePath, validateQuery } from '../../../src/platform/http/validate.ts';
import { ValidationError, type Violation } from '../../../src/platform/validation-error.ts';
import { listUserChangesSchema } from '../../../src/profiles/changes/user-changes-schemas.ts';
import {
  createUserSchema,
  listUsersSchema,
  patchUserSchema,
  updateUserSchema,
  userPathSchema,
} from '../../../src/profiles/users/user-schemas.ts';
import {
  find,
  keysOf,
  parametersOf,
  type Place,
  targetOf,
  valueOf,
  violationsOf,
} from '../../helpers/openapi-document.ts';
import { bodies, ids, queries } from './request-arbitraries.ts';

const bodySchemas: [string, ObjectSchema, Place][] = [
  ['POST', createUserSchema, bodySchema('/api/users', 'post', 'application/json')],
  ['PUT', updateUserSchema, bodySchema('/api/users/{id}', 'put', 'application/json')],
  ['PATCH', patchUserSchema, bodySchema('/api/users/{id}', 'patch', 'application/merge-patch+json')],
];

describe('Joi and openapi.yaml have the same structure', () => {
  it.each(bodySchemas)('in the body of %s', (_method, joi, schema) => {
    expect(structureOf(schema.value)).toEqual(structureOf(jsonSchemaOf(joi)));
  });

  it('in both media types of PATCH', () => {
    expect(bodySchema('/api/users/{id}', 'patch', 'application/json')).toEqual(
      bodySchema('/api/users/{id}', 'patch', 'application/merge-patch+json'),
    );
  });

  it('in the query of the list', () => {
    expect(structureOf(parametersAsObject('/api/users', 'get', 'query'))).toEqual(
      structureOf(jsonSchemaOf(listUsersSchema)),
    );
  });

  it('in the query of the list of changes', () => {
    expect(structureOf(parametersAsObject('/api/users/{id}/changes', 'get', 'query'))).toEqual(
      structureOf(jsonSchemaOf(listUserChangesSchema)),
    );
  });

  it.each([
    ...operationsOnAUser(),
    ['get', '/api/users/{id}/changes'] as const,
  ])('in the path of %s %s', (method, path) => {
    expect(structureOf(parametersAsObject(path, method, 'path'))).toEqual(structureOf(jsonSchemaOf(userPathSchema)));
  });

  it.each([['post', '/api/users'] as const, ...operationsOnAUser()])('in that %s %s takes no query', (method, path) => {
    expect(parametersOf(path, method).filter((parameter) => parameter.in === 'query')).toEqual([]);
  });
});

/**
 * The rules that JSON Schema has no words for. Whatever else Joi refuses, the file has to refuse, too; each of these is
 * shown to be needed below.
 */
const beyondJsonSchema: Record<string, (violation: Violation, value: unknown) => boolean> = {
  'size of metadata': ({ detail }) => detail === 'must have 16384 bytes at most when serialised',
  'depth of metadata': ({ detail }) => detail === 'must be nested 5 levels deep at most',
  'NUL and lone surrogates within metadata': ({ pointer, detail }) =>
    pointer === '#/metadata' && detail === 'must not hold NUL or lone surrogates',
  // JSON Schema speaks of Unicode text, to which they do not belong.
  'lone surrogates in text': ({ detail }, value) =>
    detail === 'must not hold NUL or lone surrogates' && typeof value === 'string' && !value.isWellFormed(),
  'what is a phone number': ({ detail }) => detail.startsWith('must be an international number'),
  'what is an e-mail address': ({ pointer, detail }) =>
    pointer === '#/email' && (detail === 'must be a valid email' || detail.includes('IDNA form')),
  'lengths in UTF-16 units': ({ detail }, value) =>
    detail.startsWith('length must be less than') && typeof value === 'string' && [...value].length < value.length,
};

describe('Joi and openapi.yaml accept the same', () => {
  it.each(bodySchemas)('bodies of %s', (_method, joi, schema) => {
    const seen = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(bodies, (body) => {
        const accepted = agree(schema, body, () => validateBody(joi, body), body);
        seen[accepted ? 'accepted' : 'refused']++;
      }),
      { numRuns: 3_000 },
    );
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(200);
  });

  it('queries of the list', () => {
    const parameters = parametersOf('/api/users', 'get');
    const seen = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(queries, (query) => {
        const values = [...new URLSearchParams(query)];
        const refused = values.filter(([name, text]) => {
          const parameter = parameters.find((one) => one.name === name);
          return parameter === undefined || violationsOf(parameter.schema, valueOf(parameter.schema, text)).length > 0;
        });
        const isRepeated = new Set(values.map(([name]) => name)).size < values.length;
        const violations = violationsBy(() => validateQuery(listUsersSchema, `/api/users?${query}`));
        compare(violations, refused.length === 0 && !isRepeated, Object.fromEntries(values), '#/query/');
        seen[violations.length === 0 ? 'accepted' : 'refused']++;
      }),
      { numRuns: 3_000 },
    );
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(200);
  });

  it('ids', () => {
    const [id] = parametersOf('/api/users/{id}', 'get');
    if (id === undefined) throw new Error('The path has no parameter.');
    fc.assert(
      fc.property(ids, (value) => void agree(id.schema, value, () => validatePath(userPathSchema, { id: value }), {})),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ['size of metadata', { metadata: { a: 'x'.repeat(16_377) } }],
    ['depth of metadata', { metadata: { a: { b: { c: { d: { e: {} } } } } } }],
    ['NUL and lone surrogates within metadata', { metadata: { a: ['\0'] } }],
    ['lone surrogates in text', { name: '\ud800' }],
    ['what is a phone number', { phone: '12345' }],
    ['what is an e-mail address', { email: 'a@b' }],
    ['lengths in UTF-16 units', { phone: '😀'.repeat(26) }],
  ])('apart from this, of which JSON Schema has no words: %s', (rule, overrides) => {
    const schema = bodySchema('/api/users', 'post', 'application/json');
    const body = { name: 'Ada', email: 'ada@example.com', ...overrides };

    const violations = violationsBy(() => validateBody(createUserSchema, body));

    expect(violationsOf(schema, body)).toEqual([]);
    expect(violations.flatMap((violation) => namesOf(violation, Object.values(overrides)[0]))).toContain(rule);
  });
});

/** @returns whether both accept it. @throws Error when one accepts what the other refuses */
function agree(schema: Place, input: unknown, validate: () => unknown, values: unknown): boolean {
  const violations = violationsBy(validate);
  compare(violations, violationsOf(schema, input).length === 0, values, '#/');
  return violations.length === 0;
}

function compare(violations: readonly Violation[], acceptedByFile: boolean, values: unknown, prefix: string): void {
  if (violations.length === 0 && !acceptedByFile) throw new Error('Joi accepts what the file refuses.');
  if (!acceptedByFile) return;
  for (const violation of violations) {
    const field = violation.pointer.slice(prefix.length);
    const value = isObject(values) ? values[field] : undefined;
    if (namesOf(violation, value).length === 0) {
      throw new Error(`The file accepts what Joi refuses: ${violation.pointer} ${violation.detail}`);
    }
  }
}

function namesOf(violation: Violation, value: unknown): string[] {
  return Object.keys(beyondJsonSchema).filter((name) => beyondJsonSchema[name]?.(violation, value));
}

function violationsBy(validate: () => unknown): readonly Violation[] {
  try {
    validate();
    return [];
  } catch (error) {
    if (error instanceof ValidationError) return error.violations;
    throw error;
  }
}

function operationsOnAUser(): [method: string, path: string][] {
  return ['/api/users/{id}', '/api/users/{id}/enriched'].flatMap((path) =>
    keysOf(find('paths', path)).map((method): [string, string] => [method, path]),
  );
}

function bodySchema(path: string, method: string, mediaType: string): Place {
  const schema = find('paths', path, method, 'requestBody', 'content', mediaType, 'schema');
  if (schema === undefined) throw new Error(`${method} ${path} has no schema for ${mediaType}.`);
  return schema;
}

function parametersAsObject(path: string, method: string, where: string): Record<string, unknown> {
  const parameters = parametersOf(path, method).filter((parameter) => parameter.in === where);
  return {
    type: 'object',
    properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, schema.value])),
    required: parameters.filter(({ required }) => required).map(({ name }) => name),
    additionalProperties: false,
  };
}

/** Joi's own export. */
function jsonSchemaOf(joi: ObjectSchema): Record<string, unknown> {
  return joi['~standard'].jsonSchema.input({ target: 'draft-2020-12' });
}

const comparedKeywords = new Set([
  'additionalProperties',
  'default',
  'maximum',
  'maxLength',
  'minimum',
  'minLength',
  'minProperties',
]);

/** What both can be compared by: all keywords that Joi exports, except patterns, of which the file has more. */
function structureOf(schema: unknown): unknown {
  const { type, properties, required, format, enum: values, ...others } = resolved(schema);
  return {
    ...Object.fromEntries(Object.entries(others).filter(([keyword]) => comparedKeywords.has(keyword))),
    type: new Set([type].flat()),
    ...(isObject(properties) && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, property]) => [name, structureOf(property)]),
      ),
    }),
    required: new Set([required ?? []].flat()),
    // Joi knows one e-mail format, which takes international addresses as well.
    ...(format === undefined ? {} : { format: format === 'email' ? 'idn-email' : format }),
    ...(values === undefined ? {} : { enum: values }),
  };
}

/** A schema with its reference replaced by what that leads to. */
function resolved(schema: unknown): Record<string, unknown> {
  if (!isObject(schema)) throw new Error('There is no schema.');
  const { $ref: reference, ...own } = schema;
  return typeof reference === 'string' ? { ...resolved(targetOf(reference)?.value), ...own } : own;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
