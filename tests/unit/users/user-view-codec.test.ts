import { expect, it } from '@jest/globals';
import { userViewCodec } from '../../../src/profiles/users/user-view-codec.ts';

const place = { key: 'a-b.c_d~1', revision: 12 };
const view = { id: 'a-b.c_d~1', revision: 12, version: 3, body: '{"id":"a-b.c_d~1","name":"a:b:{}"}' };

it('A user that processes share is read as it was written', () => {
  expect(userViewCodec.decode(userViewCodec.encode(view), place)).toEqual(view);
});

it.each([
  '',
  'x',
  '2:3:{}',
  '1:3:',
  '1:x:{}',
  '1:3:4:{}',
  '{}',
])('What another version has written, such as %j, is no user', (text) => {
  expect(userViewCodec.decode(text, place)).toBeNull();
});
