import { describe, expect, it } from '@jest/globals';
import { eventually } from '../../helpers/eventually.ts';
import { describeBeforeEachServer } from './proxy-fixture.ts';

/** A promise at whose state a test can look. */
interface Watched<T> {
  readonly promise: Promise<T>;
  readonly settled: boolean;
}

function watch<T>(promise: Promise<T>): Watched<T> {
  let settled = false;
  const settle = (): void => {
    settled = true;
  };
  promise.then(settle, settle);
  return {
    promise,
    get settled() {
      return settled;
    },
  };
}

describeBeforeEachServer('The fault proxy', (on) => {
  describe('that stalls', () => {
    it('a command, lets it go to the server when it thaws', async () => {
      const stalled = on.faultAt(/^INSERT/, 'stall');
      const answer = watch(on.insert(1));
      await stalled;
      // The way to the server and back is open for others meanwhile.
      expect(await on.ids(await on.connect())).toEqual([]);
      expect(answer.settled).toBe(false);

      on.proxy.setFault(null);
      on.proxy.thaw();
      await answer.promise;
      expect(await on.ids()).toEqual([1]);
      expect(await on.ids(on.client)).toEqual([1]);
    });

    it('an answer, has had the command carried out', async () => {
      const stalled = on.faultAt(/^INSERT/, 'stall-answer');
      const answer = watch(on.insert(1));
      await stalled;
      await eventually(async () => expect(await on.ids()).toEqual([1]));
      expect(await on.ids(await on.connect())).toEqual([1]);
      expect(answer.settled).toBe(false);

      on.proxy.thaw();
      await answer.promise;
      expect(await on.ids(on.client)).toEqual([1]);
    });

    it('and is closed, has carried nothing out', async () => {
      const stalled = on.faultAt(/^INSERT/, 'stall');
      const answer = expect(on.insert(1)).rejects.toMatchObject({ fatal: true });
      await stalled;
      await on.proxy.close();
      await answer;
      expect(await on.ids()).toEqual([]);
      await on.startAgain();
    });
  });

  describe('that is frozen', () => {
    it('answers nothing, old connections or new, until it thaws', async () => {
      await on.insert(1);
      on.proxy.freeze();
      const answers = [
        watch(on.insert(2).then(() => undefined)),
        watch(
          on
            .connect()
            .then((connection) => on.insert(3, connection))
            .then(() => undefined),
        ),
      ];
      await eventually(() => expect(on.proxy.connectionsOpened).toBe(2));
      expect(on.proxy.openConnections).toBe(2);
      // As long as it takes the server to answer the same three times over.
      for (const id of [10, 11, 12]) await on.insert(id, on.direct);
      expect(answers.map(({ settled }) => settled)).toEqual([false, false]);
      expect(await on.ids()).toEqual([1, 10, 11, 12]);

      on.proxy.thaw();
      await Promise.all(answers.map(({ promise }) => promise));
      expect(await on.ids()).toEqual([1, 2, 3, 10, 11, 12]);
    });

    it('holds an answer back that the server was already at', async () => {
      const begun = on.faultAt(/SLEEP/, 'pass');
      const answer = watch(on.client.query('INSERT INTO notes (id) SELECT SLEEP(0.2) + 1'));
      await begun;
      on.proxy.freeze();
      await eventually(async () => expect(await on.ids()).toEqual([1]));
      expect(answer.settled).toBe(false);
      on.proxy.thaw();
      await answer.promise;
    });

    it('does not tell the server that a client has gone, until it thaws', async () => {
      const { threadId } = on.client;
      await on.client.query('BEGIN');
      await on.insert(1);
      on.proxy.freeze();
      // What a client sends last is not lost with it.
      on.client.query('COMMIT').catch(() => {});
      on.client.destroy();
      await eventually(() => expect(on.proxy.openConnections).toBe(0));
      expect(await on.isHeld(threadId)).toBe(true);

      on.proxy.thaw();
      await eventually(async () => expect(await on.isHeld(threadId)).toBe(false));
      expect(await on.ids()).toEqual([1]);
    });

    it('is as silent to a new connection, of which the server never hears when it was given up', async () => {
      on.proxy.freeze();
      await expect(on.connect({ connectTimeout: 100 })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
      await eventually(() => expect([on.proxy.openConnections, on.proxy.connectionsOpened]).toEqual([1, 2]));
      on.proxy.thaw();
      expect(await on.ids(on.client)).toEqual([]);
      expect(on.proxy.openConnections).toBe(1);
    });

    it('lets what is cut meanwhile not come back', async () => {
      on.proxy.freeze();
      const answer = expect(on.insert(1)).rejects.toMatchObject({ fatal: true });
      const opening = expect(on.connect()).rejects.toThrow();
      await eventually(() => expect(on.proxy.connectionsOpened).toBe(2));
      const seen: string[] = [];
      on.proxy.setFault(({ sql }) => {
        seen.push(sql);
        return 'pass';
      });
      on.proxy.cutAll();
      on.proxy.thaw();
      await Promise.all([answer, opening]);
      expect(seen).toEqual([]);
      expect(await on.ids(await on.connect())).toEqual([]);
    });
  });
});
