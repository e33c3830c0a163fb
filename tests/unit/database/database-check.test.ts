import { describe, expect, it } from '@jest/globals';
import { createDatabaseCheck } from '../../../src/platform/database/database-check.ts';
import { DatabaseUnavailableError } from '../../../src/platform/database/database-errors.ts';

const away = new DatabaseUnavailableError(new Error('refused'));
const behind = new Error('Migrations are pending.');

describe('The check of the database', () => {
  it.each([
    ['there', null, false, null],
    ['away', away, false, away],
    ['away, with a replica that answers reads', away, true, null],
    ['without its schema, whatever replicas there are', behind, true, behind],
  ])('of one that is %s', async (_name, failure, isServing, expected) => {
    const schema = {
      check: async () => await (failure === null ? Promise.resolve() : Promise.reject(failure)),
      isAnswering: () => false,
    };
    const checked = createDatabaseCheck(schema, { isServing }).check();
    expect(
      await Promise.resolve(checked).then(
        () => null,
        (error: unknown) => error,
      ),
    ).toBe(expected);
  });

  it.each([
    [false, false, false],
    [true, false, true],
    [false, true, true],
  ])('that does not end: answering others %p, replicas %p', (isAnswering, isServing, expected) => {
    const schema = { check: () => Promise.resolve(), isAnswering: () => isAnswering };
    expect(createDatabaseCheck(schema, { isServing }).isUpNevertheless?.()).toBe(expected);
  });
});
