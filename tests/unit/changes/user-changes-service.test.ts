import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { UserChangesService } from '../../../src/profiles/changes/user-changes-service.ts';
import { UserNotFoundError } from '../../../src/profiles/users/user-errors.ts';
import { buildUser } from '../../helpers/build-user.ts';
import { createInMemoryProfiles } from '../../helpers/in-memory-profiles.ts';
import { uncached } from '../../helpers/read-user.ts';

describe('UserChangesService', () => {
  function setUp() {
    const { unitOfWork, queries, changeQueries } = createInMemoryProfiles();
    const append = (userId: string, version: number) =>
      unitOfWork.run(({ changes }) =>
        changes.append({
          id: randomUUID(),
          userId,
          version,
          kind: 'updated',
          fields: [],
          changedAt: new Date(),
          requestId: 'test',
        }),
      );
    return { unitOfWork, append, service: new UserChangesService(changeQueries, uncached(queries)) };
  }

  it('says of each page whether there is more behind it', async () => {
    const { append, service } = setUp();
    for (const version of [1, 2, 3]) await append('ada', version);

    const first = await service.list('ada', { limit: 2 });
    const after = first.changes.at(-1)?.seq ?? Number.NaN;
    const second = await service.list('ada', { limit: 2, after });
    const exact = await service.list('ada', { limit: 3 });

    expect([first, second, exact].map(({ changes, hasMore }) => [changes.length, hasMore])).toEqual([
      [2, true],
      [1, false],
      [3, false],
    ]);
  });

  it('does not find a user that there never was', async () => {
    await expect(setUp().service.list('nobody', { limit: 20 })).rejects.toThrow(UserNotFoundError);
  });

  it('answers the journal of a user who is gone', async () => {
    const { append, service } = setUp();
    await append('gone', 1);
    expect((await service.list('gone', { limit: 20 })).changes).toHaveLength(1);
  });

  it('answers an empty journal for a user who is older than the journal', async () => {
    const { unitOfWork, service } = setUp();
    const user = buildUser();
    await unitOfWork.run(({ projection }) => projection.put(user, 0));
    expect(await service.list(user.id, { limit: 20 })).toEqual({ changes: [], hasMore: false });
  });

  it('answers an empty page behind the last change', async () => {
    const { append, service } = setUp();
    await append('gone', 1);
    expect(await service.list('gone', { limit: 20, after: 1 })).toEqual({ changes: [], hasMore: false });
  });
});
