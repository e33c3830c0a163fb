import { describe, expect, it } from '@jest/globals';
import { describeStatement } from '../../../src/platform/database/statement-spans.ts';

describe('What a span says of a statement', () => {
  it.each([
    ['SELECT `id`, `name` FROM `users` AS `users` WHERE `users`.`id` = ?;', 'SELECT users'],
    ["SELECT id FROM idempotency_keys WHERE id = 'x' FOR UPDATE NOWAIT", 'SELECT idempotency_keys'],
    ['INSERT INTO `users` (`id`,`name`) VALUES (?,?);', 'INSERT users'],
    ['UPDATE `users` SET `name`=? WHERE `id` = ?', 'UPDATE users'],
    ["DELETE FROM `users` WHERE `id` = 'ada'", 'DELETE users'],
    ["DELETE k FROM idempotency_keys AS k FORCE INDEX (PRIMARY) WHERE k.id IN ('a')", 'DELETE idempotency_keys'],
    ['START TRANSACTION;', 'BEGIN'],
    ['BEGIN IMMEDIATE TRANSACTION;', 'BEGIN'],
    ['COMMIT;', 'COMMIT'],
    ['ROLLBACK;', 'ROLLBACK'],
    ['SELECT 1', 'SELECT'],
  ])('%s is %s', (sql, name) => {
    const [operation, table] = name.split(' ');
    expect(describeStatement(sql)).toEqual({
      name,
      attributes: { 'db.operation.name': operation, 'db.collection.name': table },
    });
  });

  it.each([
    "SELECT 'from ada' AS x",
    "INSERT INTO `users` (`name`) VALUES ('SELECT x FROM ada')",
    "UPDATE `users` SET `name`='x FROM ada' WHERE 1",
    'SELECT "x FROM ada"',
    "-- FROM ada\n'",
    'ada lovelace',
  ])('has no part of a value: %s', (sql) => {
    expect(JSON.stringify(describeStatement(sql))).not.toContain('ada');
  });
});
