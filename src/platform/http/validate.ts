import Joi, { type ObjectSchema, type ValidationErrorItem, type ValidationOptions } from 'joi';
import { pointerTo, ValidationError, type Violation } from '../validation-error.ts';

/**
 * Holds a JSON body against its schema. Nothing is converted: `"5"` is not a number.
 *
 * @throws ValidationError naming every violation
 */
export function validateBody<T>(schema: ObjectSchema<T>, body: unknown): T {
  if (body === undefined) throw new ValidationError([{ pointer: '#', detail: 'is required: a JSON object' }]);
  return validate(schema, body, []);
}

/**
 * Holds the query string of `url` against its schema.
 *
 * Each parameter is given at most once and in valid percent-encoded UTF-8. Parameters that the schema declares as
 * numbers are read from plain decimal digits, and from nothing else that JavaScript would take for a number.
 *
 * @throws ValidationError naming every violation
 */
export function validateQuery<T>(schema: ObjectSchema<T>, url: string): T {
  return validate(schema, readQuery(schema, url), ['query']);
}

/** For a resource that takes no parameters. @throws ValidationError naming those that there are */
export function validateNoQuery(url: string): void {
  if (url.includes('?')) validateQuery(noParameters, url);
}

const noParameters = Joi.object<Record<string, never>>({});

/** Holds the parameters of the path against their schema. @throws ValidationError naming every violation */
export function validatePath<T>(schema: ObjectSchema<T>, parameters: unknown): T {
  return validate(schema, parameters, ['path']);
}

function validate<T>(schema: ObjectSchema<T>, input: unknown, root: readonly string[]): T {
  // Joi copies objects by assignment, which would take an own key `__proto__` for the prototype and lose it.
  if (typeof input === 'object' && input !== null && Object.hasOwn(input, '__proto__')) {
    throw new ValidationError([{ pointer: pointerTo(...root, '__proto__'), detail: 'is not allowed' }]);
  }
  const { value, error } = withPreferences(schema).validate(input);
  if (error) {
    const violations = error.details.map((item) => toViolation(item, root));
    // One for each place: whoever has to write it anew need not know all that was wrong with it.
    const byPlace = new Map(violations.toReversed().map((violation) => [violation.pointer, violation]));
    throw new ValidationError([...byPlace.values()].toReversed().slice(0, violationsMax));
  }
  return value;
}

const preferences: ValidationOptions = {
  abortEarly: false,
  convert: false,
  errors: { label: false },
  messages: { 'string.pattern.base': 'is not in the expected format' },
};
const schemasWithPreferences = new WeakMap<ObjectSchema, ObjectSchema>();

/** Made once for each schema: as options of each validation they cost as much as a short object takes to validate. */
function withPreferences<T>(schema: ObjectSchema<T>): ObjectSchema<T> {
  let made = schemasWithPreferences.get(schema);
  if (made === undefined) schemasWithPreferences.set(schema, (made = schema.preferences(preferences)));
  return made;
}

/** A body of a thousand unknown fields is answered with the first few of them. */
const violationsMax = 20;

function toViolation(item: ValidationErrorItem, root: readonly string[]): Violation {
  return { pointer: pointerTo(...root, ...item.path), detail: item.message.trim() };
}

function readQuery(schema: ObjectSchema, url: string): Record<string, string | number> {
  const start = url.indexOf('?');
  const query = new Map<string, string | number>();
  for (const pair of start < 0 ? [] : url.slice(start + 1).split('&')) {
    if (pair === '') continue;
    const [name, value] = decodePair(pair);
    if (query.has(name)) {
      throw new ValidationError([{ pointer: pointerTo('query', name), detail: 'is given more than once' }]);
    }
    query.set(name, isNumeric(schema, name) && /^(?:0|[1-9]\d{0,15})$/.test(value) ? Number(value) : value);
  }
  return Object.fromEntries(query);
}

function decodePair(pair: string): [name: string, value: string] {
  const equals = pair.indexOf('=');
  const [name, value] = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
  try {
    return [decodeURIComponent(name.replaceAll('+', ' ')), decodeURIComponent(value.replaceAll('+', ' '))];
  } catch {
    throw new ValidationError([{ pointer: '#/query', detail: 'is not valid percent-encoded UTF-8' }]);
  }
}

function isNumeric(schema: ObjectSchema, name: string): boolean {
  return schema.$_terms['keys']?.some(
    (child: { key: string; schema: { type?: string } }) => child.key === name && child.schema.type === 'number',
  );
}
