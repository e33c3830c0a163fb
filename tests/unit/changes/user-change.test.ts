import { describe, expect, it } from '@jest/globals';
import { changedFields } from '../../../src/profiles/changes/user-change.ts';
import type { UserContent } from '../../../src/profiles/users/user.ts';
import { buildUser } from '../../helpers/build-user.ts';

describe('changedFields', () => {
  const before: UserContent = buildUser();

  it.each<[what: string, after: Partial<UserContent>, fields: string[]]>([
    ['nothing when all is as it was', {}, []],
    ['a field with another value', { name: 'Grace' }, ['name']],
    ['a field that was cleared', { phone: null }, ['phone']],
    ['case as a difference', { email: before.email.toUpperCase() }, ['email']],
    [
      'several in the order of the contract',
      { metadata: {}, displayName: null, name: 'G' },
      ['name', 'displayName', 'metadata'],
    ],
    ['metadata with another value deep inside', { metadata: { plan: 'pro', tags: ['a', 'c'] } }, ['metadata']],
    ['metadata with a member more', { metadata: { ...before.metadata, more: null } }, ['metadata']],
    ['no metadata whose members stand in another order', { metadata: { tags: ['a', 'b'], plan: 'pro' } }, []],
  ])('names %s', (_what, after, fields) => {
    expect(changedFields(before, { ...before, ...after })).toEqual(fields);
  });

  it('takes both zeros for one, as JSON does', () => {
    const withCount = (count: number): UserContent => ({ ...before, metadata: { count } });
    expect(changedFields(withCount(0), withCount(-0))).toEqual([]);
  });

  it('sees a member called __proto__', () => {
    const metadata: UserContent['metadata'] = JSON.parse('{"__proto__":{"admin":true}}');
    expect(changedFields({ ...before, metadata: {} }, { ...before, metadata })).toEqual(['metadata']);
  });

  it('names what holds something when there was nothing before', () => {
    const nothing: UserContent = { name: '', email: '', phone: null, displayName: null, metadata: {} };
    expect(changedFields(nothing, buildUser())).toEqual(['name', 'email', 'phone', 'displayName', 'metadata']);
    const bare = buildUser({ phone: null, displayName: null, metadata: {} });
    expect(changedFields(nothing, bare)).toEqual(['name', 'email']);
  });

  it('sees nothing but content', () => {
    const user = buildUser();
    const rewritten = { ...user, version: 2, updatedAt: new Date() };
    expect(changedFields(user, rewritten)).toEqual([]);
  });
});
