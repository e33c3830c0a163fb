import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Answer } from '../../../src/platform/idempotency/answer.ts';
import { RequestInProgressError } from '../../../src/platform/idempotency/idempotency-errors.ts';
import { describeOnEachEngine } from '../../helpers/engines.ts';
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

describeOnEachEngine('The idempotency store', (engine) => {
  let keys: KeyStore;
  beforeAll(async () => void (keys = await openKeyStore(engine)));
  afterAll(async () => await keys?.close());
  beforeEach(async () => await keys.clear());

  describe('claim', () => {
    it('of a key that was answered and committed gives what is stored', async () => {
      const claim = buildClaim();
      await keys.answer(claim);
      const stored = { fingerprint: claim.fingerprint, answer: created };
      expect(await keys.claimAgain(claim)).toEqual(stored);
      expect(await keys.claimAgain({ ...claim, fingerprint: 'f'.repeat(64) })).toEqual(stored);
    });

    it('of a key whose transaction was rolled back is ours', async () => {
      const claim = buildClaim();
      const transaction = await keys.open(async (store) => {
        await store.claim(claim, now, later);
        await store.keep(claim, created);
      });
      await transaction.rollback();
      expect(await keys.storedIds()).toEqual([]);
      await keys.answer(claim);
    });

    it('of an expired key replaces it', async () => {
      const claim = buildClaim();
      await keys.answer(claim);
      const next = { id: claim.id, fingerprint: buildClaim().fingerprint };
      const other: Answer = { status: 204, headers: {}, body: '' };
      await keys.inTransaction(async (store) => {
        expect(await store.claim(next, later, muchLater)).toBeNull();
        await store.keep(next, other);
      });
      expect(await keys.claimAgain(next, later)).toEqual({ fingerprint: next.fingerprint, answer: other });
    });

    it('of a key a millisecond before it expires gives what is stored', async () => {
      const claim = buildClaim();
      await keys.answer(claim, created, afterwards);
      expect(await keys.claimAgain(claim, later)).toMatchObject({ answer: created });
    });

    it.each([
      ['no body', { status: 204, headers: {}, body: '' }],
      [
        'an emoji and trailing blanks',
        { status: 200, headers: { 'X-Odd': 'é 😀 "\\\' ? :a $1 ' }, body: "😀 é e\u0301 \\ ' ? :a $1\r\n  " },
      ],
      ['64 KiB', { status: 200, headers: { B: '2', A: '1' }, body: '😀'.repeat(16_384) }],
      ['100 KiB of escapes', { status: 409, headers: {}, body: '\\"\''.repeat(34_134) }],
    ])('gives an answer with %s byte for byte', async (_name, given) => {
      const claim = buildClaim();
      await keys.answer(claim, given);
      const stored = (await keys.claimAgain(claim))?.answer;
      expect(stored).toEqual(given);
      expect(Object.keys(stored?.headers ?? {})).toEqual(Object.keys(given.headers));
    });

    it('of one key by ten at once is one claim, and the answer to all others', async () => {
      const claim = buildClaim();
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, () =>
          keys
            .inTransaction(async (store) => {
              const stored = await store.claim(claim, now, later);
              if (stored === null) await store.keep(claim, created);
              return stored?.answer ?? 'ours';
            })
            .catch((error: unknown) => {
              if (error instanceof RequestInProgressError) return 'in progress';
              throw error;
            }),
        ),
      );
      expect(outcomes.filter((outcome) => outcome === 'ours')).toHaveLength(1);
      for (const outcome of outcomes) expect(['ours', 'in progress', created]).toContainEqual(outcome);
      expect(await keys.claimAgain(claim)).toMatchObject({ answer: created });
    });
  });

  describe('keep', () => {
    it('refuses a key that was not claimed', async () => {
      await expect(keys.inTransaction((store) => store.keep(buildClaim(), created))).rejects.toThrow('not claimed');
    });

    it('refuses a second answer', async () => {
      const claim = buildClaim();
      await keys.answer(claim);
      await expect(keys.inTransaction((store) => store.keep(claim, created))).rejects.toThrow('not claimed');
    });
  });

  describe('findDecided', () => {
    it('gives the answer that is stored for the same request, null otherwise', async () => {
      const claim = buildClaim();
      await keys.answer(claim);
      expect(await keys.inTransaction((store) => store.findDecided(claim, now))).toEqual(created);
      expect(
        await keys.inTransaction((store) => store.findDecided({ ...claim, fingerprint: 'f'.repeat(64) }, now)),
      ).toBeNull();
      expect(await keys.inTransaction((store) => store.findDecided(buildClaim(), now))).toBeNull();
    });

    it('takes an answer that had expired when the request began for none', async () => {
      const claim = buildClaim();
      await keys.answer(claim);
      expect(await keys.inTransaction((store) => store.findDecided(claim, later))).toBeNull();
    });
  });

  describe('deleteExpired', () => {
    it('deletes in batches, those that expired first first, and leaves what lives', async () => {
      const expired = Array.from({ length: 5 }, buildClaim);
      for (const [age, claim] of expired.entries()) await keys.answer(claim, created, new Date(later.getTime() - age));
      const living = buildClaim();
      await keys.answer(living, created, afterwards);
      expect(await keys.housekeeping.deleteExpired(later, 2)).toBe(2);
      expect(await keys.storedIds()).toEqual([living, ...expired.slice(0, 3)].map(({ id }) => id).sort());
      expect(await keys.housekeeping.deleteExpired(later, 2)).toBe(2);
      expect(await keys.housekeeping.deleteExpired(later, 2)).toBe(1);
      expect(await keys.housekeeping.deleteExpired(later, 2)).toBe(0);
      expect(await keys.storedIds()).toEqual([living.id]);
    });
  });
});
