import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { IdempotencyClaim } from '../../../src/platform/idempotency/idempotency-claim.ts';
import { RequestInProgressError } from '../../../src/platform/idempotency/idempotency-errors.ts';
import { describeOnEachEngine } from '../../helpers/engines.ts';
import { eventually } from '../../helpers/eventually.ts';
import {
  afterwards,
  buildClaim,
  created,
  type KeyStore,
  later,
  muchLater,
  now,
  openKeyStore,
} from './idempotency-fixture.ts';

describeOnEachEngine('The idempotency store, with another transaction open,', (engine) => {
  let keys: KeyStore;
  beforeAll(async () => void (keys = await openKeyStore(engine)));
  afterAll(async () => await keys?.close());
  beforeEach(async () => await keys.clear());

  it.each([
    ['commit', created],
    ['rollback', null],
  ] as const)('findDecided waits for the %s of who holds the key', async (end, found) => {
    const claim = buildClaim();
    const holder = await keys.open(async (store) => {
      await store.claim(claim, now, later);
      await store.keep(claim, created);
    });
    let isDecided = false;
    const decided = keys.inTransaction((store) => store.findDecided(claim, now)).finally(() => (isDecided = true));
    try {
      // SQLite lets nobody begin.
      if (engine.name !== 'SQLite')
        await eventually(async () => expect(await keys.running('SELECT%SHARE MODE%')).toBe(1));
      expect(isDecided).toBe(false);
    } finally {
      await holder[end]();
    }
    expect(await decided).toEqual(found);
  });

  // SQLite has one writer at a time: nobody meets a key that is in flight.
  if (engine.name === 'SQLite') {
    it('cannot tell for which request the other holds the key', async () => {
      const claim = buildClaim();
      const holder = await keys.open((store) => store.claim(claim, now, later));
      expect(await keys.housekeeping.fingerprintInFlight(claim.id)).toBeNull();
      await holder.rollback();
    });
    return;
  }

  const isInProgressAtOnce = async (claim: IdempotencyClaim, at = now): Promise<void> => {
    const startedAt = performance.now();
    await expect(keys.claimAgain(claim, at)).rejects.toThrow(RequestInProgressError);
    expect(performance.now() - startedAt).toBeLessThan(500);
  };

  it('says at once that a claimed key is in progress, and for which request until it is answered', async () => {
    const claim = buildClaim();
    const holder = await keys.open(async (store) => {
      await store.claim(claim, now, later);
      await isInProgressAtOnce(claim);
      expect(await keys.housekeeping.fingerprintInFlight(claim.id)).toBe(claim.fingerprint);
      await store.keep(claim, created);
      await isInProgressAtOnce(claim);
      expect(await keys.housekeeping.fingerprintInFlight(claim.id)).toBeNull();
    });
    await holder.commit();
    expect(await keys.claimAgain(claim)).toMatchObject({ answer: created });
    expect(await keys.housekeeping.fingerprintInFlight(claim.id)).toBeNull();
  });

  it('leaves the transaction that met a key in progress usable', async () => {
    const [held, own] = [buildClaim(), buildClaim()];
    const holder = await keys.open((store) => store.claim(held, now, later));
    try {
      await keys.inTransaction(async (store) => {
        await store.claim(own, now, later);
        await expect(store.claim(held, now, later)).rejects.toThrow(RequestInProgressError);
        await store.keep(own, created);
      });
    } finally {
      await holder.rollback();
    }
    expect(await keys.storedIds()).toEqual([own.id]);
  });

  it('says that an expired key that is being replaced is in progress, for the new request', async () => {
    const claim = buildClaim();
    await keys.answer(claim);
    expect(await keys.housekeeping.fingerprintInFlight(claim.id)).toBeNull();
    const next = { id: claim.id, fingerprint: buildClaim().fingerprint };
    const holder = await keys.open((store) => store.claim(next, later, muchLater));
    await isInProgressAtOnce(claim, later);
    expect(await keys.housekeeping.fingerprintInFlight(claim.id)).toBe(next.fingerprint);
    await holder.rollback();
    expect(await keys.claimAgain(claim)).toMatchObject({ answer: created });
  });

  it('gives the answer of a key that another reads', async () => {
    const claim = buildClaim();
    await keys.answer(claim);
    const reader = await keys.open((store) => store.claim(claim, now, later));
    expect(await keys.claimAgain(claim)).toMatchObject({ answer: created });
    await reader.commit();
  });

  it('claims other keys without waiting', async () => {
    const holder = await keys.open((store) => store.claim(buildClaim(), now, later));
    try {
      await keys.answer(buildClaim());
    } finally {
      await holder.rollback();
    }
  });

  it.each([
    ['commit', created],
    ['rollback', null],
  ] as const)('of two whose claims crossed, the second learns what the first ends in: %s', async (end, found) => {
    const claim = buildClaim();
    const first = await keys.begin();
    const crossed = keys.beforeNextInsert(async () => {
      await first.store.claim(claim, now, later);
      await first.store.keep(claim, created);
    });
    const second = keys.claimAgain(claim);
    try {
      await crossed;
      await eventually(async () => expect(await keys.running('INSERT%idempotency_keys%')).toBe(1));
    } finally {
      await first[end]();
    }
    expect((await second)?.answer ?? null).toEqual(found);
  });

  it('of two whose claims crossed, the second says that it is in progress when the first does not end', async () => {
    const claim = buildClaim();
    const first = await keys.begin();
    const crossed = keys.beforeNextInsert(async () => void (await first.store.claim(claim, now, later)));
    await expect(keys.claimAgain(claim)).rejects.toThrow(RequestInProgressError);
    await crossed;
    await first.rollback();
  });

  it('deletes expired keys while living ones are claimed, written and read, and neither waits', async () => {
    const [living, fresh] = [buildClaim(), buildClaim()];
    // So many that an optimizer would rather read the whole table.
    await keys.fill(500, later);
    await keys.answer(living, created, afterwards);
    const holder = await keys.open(async (store) => {
      await store.claim(living, now, later);
      await store.claim(fresh, later, afterwards);
    });
    const startedAt = performance.now();
    expect(await keys.housekeeping.deleteExpired(later, 1_000)).toBe(500);
    expect(performance.now() - startedAt).toBeLessThan(500);
    await holder.rollback();
    expect(await keys.storedIds()).toEqual([living.id]);
  });
});
