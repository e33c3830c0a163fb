import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Clock } from '../../../src/platform/clock.ts';
import { ValidationError } from '../../../src/platform/validation-error.ts';
import type { UserContent } from '../../../src/profiles/users/user.ts';
import {
  EmailTakenError,
  UserIdTakenError,
  UserNotFoundError,
  VersionConflictError,
} from '../../../src/profiles/users/user-errors.ts';
import { UserUseCases } from '../../helpers/user-use-cases.ts';
import { createInMemoryProfiles } from '../../helpers/in-memory-profiles.ts';

const content = (overrides: Partial<UserContent> = {}): UserContent => ({
  name: 'Ada',
  email: 'ada@example.com',
  phone: null,
  displayName: null,
  metadata: {},
  ...overrides,
});

let now: Date;
let service: UserUseCases;
beforeEach(() => {
  now = new Date('2026-01-01T00:00:00.000Z');
  const clock: Clock = { now: () => now };
  const { unitOfWork, queries } = createInMemoryProfiles();
  service = new UserUseCases(unitOfWork, queries, clock);
});

describe('Creating a user', () => {
  it('gives it a UUIDv7, version 1 and the time', async () => {
    const { user, created } = await service.create(content());
    expect(created).toBe(true);
    expect(user).toEqual({ ...content(), id: user.id, version: 1, createdAt: now, updatedAt: now });
    expect(user.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('under an id that exists with the same content gives the stored user', async () => {
    const first = await service.create(content({ metadata: { a: 1, b: [2] } }), 'ada');
    now = new Date('2026-01-02T00:00:00.000Z');
    const second = await service.create(content({ metadata: { b: [2], a: 1 } }), 'ada');
    expect(second).toEqual({ user: first.user, created: false });
  });

  it('under an id that exists takes -0 for what it is stored as', async () => {
    await service.create(content({ metadata: { a: 0 } }), 'zero');
    expect((await service.create(content({ metadata: { a: -0 } }), 'zero')).created).toBe(false);
  });

  it('under an id that exists with other content is refused', async () => {
    await service.create(content(), 'ada');
    await expect(service.create(content({ name: 'Grace' }), 'ada')).rejects.toThrow(UserIdTakenError);
  });

  it('under an id that exists, with an e-mail address that is taken too, is about the id', async () => {
    await service.create(content(), 'ada');
    await service.create(content({ email: 'grace@example.com' }), 'grace');
    await expect(service.create(content({ email: 'grace@example.com' }), 'ada')).rejects.toThrow(UserIdTakenError);
  });

  it('with an e-mail address that is taken is refused, with and without an id', async () => {
    await service.create(content());
    await expect(service.create(content({ email: 'ADA@example.com' }))).rejects.toThrow(EmailTakenError);
    await expect(service.create(content({ email: 'ADA@example.com' }), 'other')).rejects.toThrow(EmailTakenError);
  });

  it('50 times at once under one id makes it once', async () => {
    const results = await Promise.all(Array.from({ length: 50 }, () => service.create(content(), 'ada')));
    expect(results.filter(({ created }) => created)).toHaveLength(1);
  });
});

describe('Changing a user', () => {
  beforeEach(async () => {
    await service.create(content({ phone: '+4930123456', metadata: { a: { b: 1, c: 2 }, d: 3 } }), 'ada');
    now = new Date('2026-01-02T00:00:00.000Z');
  });

  it('replaces the fields that are given, and nothing else', async () => {
    const user = await service.update('ada', { name: 'Augusta', metadata: { x: 1 } });
    expect(user).toMatchObject({ name: 'Augusta', email: 'ada@example.com', phone: '+4930123456', metadata: { x: 1 } });
    expect(user).toMatchObject({ version: 2, createdAt: new Date('2026-01-01T00:00:00.000Z'), updatedAt: now });
    expect(await service.get('ada')).toEqual(user);
  });

  it('adds a version even if nothing is different', async () => {
    expect((await service.update('ada', { name: 'Ada' })).version).toBe(2);
  });

  it('by patch merges metadata, and null clears', async () => {
    const user = await service.patch('ada', { phone: null, metadata: { a: { b: null }, e: 4 } });
    expect(user).toMatchObject({ phone: null, metadata: { a: { c: 2 }, d: 3, e: 4 } });
    expect((await service.patch('ada', { metadata: null })).metadata).toEqual({});
  });

  it('by a patch that makes the metadata too large is refused, and changes nothing', async () => {
    await service.patch('ada', { metadata: { first: 'x'.repeat(10_000) } });
    await expect(service.patch('ada', { metadata: { second: 'x'.repeat(10_000) } })).rejects.toThrow(ValidationError);
    expect(await service.get('ada')).toMatchObject({ version: 2 });
  });

  it('that nobody has is refused', async () => {
    await expect(service.update('nobody', { name: 'x' })).rejects.toThrow(UserNotFoundError);
    await expect(service.patch('nobody', { name: 'x' })).rejects.toThrow(UserNotFoundError);
  });

  it('is refused on another version, and allowed on one of several', async () => {
    await expect(service.update('ada', { name: 'x' }, [2])).rejects.toThrow(VersionConflictError);
    await expect(service.update('ada', { name: 'x' }, [])).rejects.toThrow(VersionConflictError);
    expect((await service.update('ada', { name: 'x' }, [7, 1])).version).toBe(2);
  });

  it('to the e-mail address of another is refused', async () => {
    await service.create(content({ email: 'grace@example.com' }), 'grace');
    await expect(service.update('grace', { email: 'ada@EXAMPLE.com' })).rejects.toThrow(EmailTakenError);
  });

  it('W7: 50 times at once on one version succeeds once', async () => {
    const changes = Array.from({ length: 50 }, (_, index) => service.patch('ada', { name: `Ada ${index}` }, [1]));
    const results = await Promise.allSettled(changes);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await service.get('ada')).version).toBe(2);
  });
});

describe('Deleting a user', () => {
  it('leaves nobody, and a second time finds nobody', async () => {
    await service.create(content(), 'ada');
    await service.remove('ada');
    await expect(service.get('ada')).rejects.toThrow(UserNotFoundError);
    await expect(service.remove('ada')).rejects.toThrow(UserNotFoundError);
  });

  it('on another version is refused', async () => {
    await service.create(content(), 'ada');
    await expect(service.remove('ada', [2])).rejects.toThrow(VersionConflictError);
    expect(await service.get('ada')).toMatchObject({ id: 'ada' });
  });
});

describe('Listing users', () => {
  it('says whether there are more behind the page', async () => {
    for (const name of ['a', 'b', 'c']) await service.create(content({ email: `${name}@example.com` }), name);
    expect(await service.service.list({ limit: 3, sort: 'createdAt' })).toMatchObject({ hasMore: false });
    const page = await service.service.list({ limit: 2, sort: 'createdAt' });
    expect(page.hasMore).toBe(true);
    expect(page.users.map(({ id }) => id)).toEqual(['a', 'b']);
  });
});
