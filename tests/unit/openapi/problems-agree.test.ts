import { describe, expect, it } from '@jest/globals';
import { createProblemCatalogue, platformProblems } from '../../../src/platform/http/problem-catalogue.ts';
import { userProblems } from '../../../src/profiles/users/user-problems.ts';
import { opsProblems } from '../../../src/profiles/dashboard/ops-problems.ts';
import { find, keysOf, type Place, within } from '../../helpers/openapi-document.ts';

const catalogue = createProblemCatalogue(platformProblems, userProblems, opsProblems);

/** Every problem answer of every operation. */
const answers = keysOf(find('paths')).flatMap((path) =>
  keysOf(find('paths', path)).flatMap((method) => {
    const responses = find('paths', path, method, 'responses');
    return keysOf(responses).flatMap((status) => {
      const response = responses && within(responses, status);
      const schema = response && within(response, 'content', 'application/problem+json', 'schema');
      return response === undefined || schema === undefined ? [] : [{ path, method, status, response, schema }];
    });
  }),
);

describe('The problem catalogue and openapi.yaml agree', () => {
  it('on the codes there are', () => {
    expect(new Set(find('components', 'schemas', 'ProblemCode')?.value['enum'] as string[])).toEqual(
      new Set(catalogue.keys()),
    );
  });

  it('on the status of each code, and each is the answer of some operation', () => {
    const documented = answers.flatMap(({ status, schema }) => codesOf(schema).map((code) => `${status} ${code}`));
    const known = [...catalogue.values()].map(({ status, code }) => `${status} ${code}`);
    expect(new Set(documented)).toEqual(new Set(known));
  });

  it.each(answers)('$method $path: the body of $status says $status', ({ status, schema }) => {
    expect(memberOf(schema, 'status')['const']).toBe(Number(status));
  });

  it.each(answers)('$method $path: $status says when to come back if it passes by itself', ({ response, schema }) => {
    const passes = new Set(codesOf(schema).map((code) => catalogue.get(code)?.retryAfterSeconds !== undefined));
    const header = within(response, 'headers', 'Retry-After')?.value;
    // Of a status that has codes of both kinds, some answers have the header.
    expect({ some: passes.has(true), all: !passes.has(false) }).toEqual({
      some: header !== undefined,
      all: header?.['required'] === true,
    });
  });

  it('on the words of each example', () => {
    const examples = keysOf(find('components', 'examples'))
      .map((name) => find('components', 'examples', name, 'value')?.value)
      .filter((value) => value !== undefined && 'code' in value);

    for (const example of examples) {
      const { code, status, title } = catalogue.get(String(example?.['code'])) ?? {};
      expect(example).toMatchObject({ type: `/problems/${code}`, code, status, title });
    }
    expect(new Set(examples.map((example) => example?.['code']))).toEqual(new Set(catalogue.keys()));
  });
});

/** The codes that an answer may have, as its schema narrows those of all problems. */
function codesOf(schema: Place): string[] {
  const { const: only, enum: several } = memberOf(schema, 'code');
  return [only ?? several].flat().map(String);
}

function memberOf(schema: Place, name: string): Readonly<Record<string, unknown>> {
  const member = within(schema, 'properties', name);
  if (member === undefined) throw new Error(`#${schema.pointer} does not narrow ${name}.`);
  return member.value;
}
