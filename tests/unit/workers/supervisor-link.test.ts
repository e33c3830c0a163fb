import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Env } from '../../../src/platform/config/env.ts';
import type { Report } from '../../../src/platform/workers/messages.ts';
import { linkToSupervisor, type SupervisorChannel } from '../../../src/platform/workers/supervisor-link.ts';

/** The channel to a supervisor that says what the test says. */
class ScriptedSupervisor extends EventEmitter implements SupervisorChannel {
  readonly id = 1;
  exitedAfterDisconnect = false;
  readonly reports: Report[] = [];

  isConnected(): boolean {
    return true;
  }

  send(report: Report, done: () => void): void {
    this.reports.push(report);
    done();
  }
}

function createScene(env: Env = {}) {
  const supervisor = new ScriptedSupervisor();
  const link = linkToSupervisor({ stop: () => {} }, env, supervisor);
  if (link === null) throw new Error('There is no link.');
  return { supervisor, link };
}

const turn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

let listenersBefore: readonly unknown[];
beforeEach(() => {
  listenersBefore = process.listeners('SIGHUP');
});
afterEach(() => {
  for (const listener of process.listeners('SIGHUP')) {
    if (!listenersBefore.includes(listener)) process.off('SIGHUP', listener);
  }
});

describe('A worker', () => {
  it.each([
    ['takes over from another one', { WORKER_IS_SUCCESSOR: 'true' }, true],
    ['does not, of a supervisor that knows nothing of it', {}, false],
  ])('%s', (_what, env, isSuccessor) => {
    expect(createScene(env).link.isSuccessor).toBe(isSuccessor);
  });
});

describe('The figures of all workers, asked of the supervisor', () => {
  it('take one message, however many ask at the same time', async () => {
    const { supervisor, link } = createScene();
    const answers = Promise.all(Array.from({ length: 50 }, async () => await link.scrape()));
    await turn();
    expect(supervisor.reports).toEqual([{ type: 'scrape', scrape: 1 }]);
    supervisor.emit('message', { type: 'scraped', scrape: 1, text: 'up 1' });
    expect(await answers).toEqual(Array.from({ length: 50 }, () => 'up 1'));
  });

  it('are asked for anew by whoever comes later', async () => {
    const { supervisor, link } = createScene();
    for (const scrape of [1, 2]) {
      const answer = link.scrape();
      await turn();
      supervisor.emit('message', { type: 'scraped', scrape, text: `up ${scrape}` });
      expect(await answer).toBe(`up ${scrape}`);
    }
  });

  it('fail for all who ask when the supervisor has none', async () => {
    const { supervisor, link } = createScene();
    const answers = Promise.allSettled([link.scrape(), link.scrape()]);
    await turn();
    for (const report of supervisor.reports) {
      if (report.type === 'scrape') supervisor.emit('message', { type: 'scraped', scrape: report.scrape, text: null });
    }
    expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
