import { expect, it } from '@jest/globals';
import { ReplyError } from 'ioredis';
import { redisCodeOf } from '../../../src/platform/redis/redis-errors.ts';

it.each<[unknown, string]>([
  [Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:6379'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
  [new ReplyError('WRONGPASS invalid username-password pair or user is disabled.'), 'WRONGPASS'],
  [new ReplyError('LOADING Redis is loading the dataset in memory'), 'LOADING'],
  [new ReplyError('ERR'), 'ERR'],
  // Words that no Redis would begin with may be anything.
  [new ReplyError('secret-of-somebody told'), 'no-answer'],
  [new Error('SECRET words that are no reply'), 'no-answer'],
  [new Error('Command timed out'), 'no-answer'],
  [undefined, 'no-answer'],
  [null, 'no-answer'],
])('The code of %p is %s', (error, code) => {
  expect(redisCodeOf(error)).toBe(code);
});
