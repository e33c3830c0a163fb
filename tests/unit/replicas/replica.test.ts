import { beforeEach, describe, expect, it } from '@jest/globals';
import { DatabaseOverloadedError, DatabaseUnavailableError } from '../../../src/platform/database/database-errors.ts';
import { Replica } from '../../../src/platform/database/replica.ts';
import type { ReplicaEvent } from '../../../src/platform/database/replica-events.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import { VirtualTime } from '../../helpers/virtual-time.ts';
import { ModelServer, readerOf } from './model-servers.ts';

const lagMsMax = 1_000;

describe('A replica', () => {
  let time: VirtualTime;
  let server: ModelServer;
  let tail: { isFollowing: boolean; position: number; silenceMs: number };
  let schemaError: Error | null;
  let told: ReplicaEvent[];
  let replica: Replica;

  beforeEach(() => {
    time = new VirtualTime();
    server = new ModelServer(time);
    tail = { isFollowing: true, position: 0, silenceMs: 0 };
    schemaError = null;
    told = [];
    const events = new EventStream<ReplicaEvent>((error) => {
      throw error;
    });
    events.subscribe((event) => told.push(event));
    const probe = async (): Promise<void> => await (schemaError === null ? undefined : Promise.reject(schemaError));
    const common = { lagMsMax, scheduler: time, events, probe, tail };
    replica = new Replica({ number: 1, reader: readerOf(server), feed: server, ...common });
  });

  const joined = async (): Promise<void> => {
    replica.start();
    await time.pass(500);
    expect(replica.state).toBe('in-rotation');
  };
  const change = (seq: number, key = `key ${seq}`) => ({ seq, key });

  it('gets no reads before it is known where the primary is, and before it has come as far', async () => {
    tail.isFollowing = false;
    replica.start();
    await time.pass(1_000);
    expect(replica.state).toBe('joining');

    [tail.isFollowing, tail.position] = [true, 2];
    server.commits.push(change(1));
    await time.pass(1_000);
    expect(replica.state).toBe('joining');

    server.commits.push(change(2));
    await time.pass(500);
    expect(replica.state).toBe('in-rotation');
    expect(told).toEqual([{ type: 'joined', replica: 1 }]);
  });

  it('gets no reads while it has not what queries need', async () => {
    schemaError = new Error('There is no such table.');
    replica.start();
    await time.pass(1_000);
    expect(replica.state).toBe('failing');
    expect(told).toEqual([{ type: 'left', replica: 1, reason: 'failing', error: schemaError }]);

    schemaError = null;
    await time.pass(500);
    expect(replica.state).toBe('in-rotation');
  });

  it('has a change once it shows it, and not when it shows a later one', async () => {
    await joined();
    replica.awaitChange(change(1), true);
    replica.awaitChange(change(2), false);
    server.commits.push(change(2));
    await time.pass(500);
    expect(replica.hasAll({ keys: ['key 1'] })).toBe(false);
    expect(replica.hasAll({ keys: ['key 2', 'key 3'] })).toBe(true);
    expect(replica.hasAll({ keys: 'any' })).toBe(false);

    server.commits.push(change(1));
    await time.pass(500);
    expect(replica.hasAll({ keys: ['key 1'] })).toBe(true);
    expect(replica.hasAll({ keys: 'any' })).toBe(true);
  });

  it('leaves when a change is missing for longer than the bound, and comes back when it lags by half of it', async () => {
    await joined();
    replica.awaitChange(change(1), false);
    await time.pass(lagMsMax);
    expect([replica.state, replica.lagMs]).toEqual(['in-rotation', lagMsMax]);
    await time.pass(1);
    expect(replica.state).toBe('lagging');
    await time.pass(500);
    expect(told.slice(1)).toEqual([{ type: 'left', replica: 1, reason: 'lagging' }]);

    replica.awaitChange(change(2), false);
    await time.pass(600);
    server.commits.push(change(1));
    await time.pass(250);
    expect(replica.state).toBe('lagging');
    server.commits.push(change(2));
    await time.pass(500);
    expect([replica.state, replica.lagMs]).toEqual(['in-rotation', 0]);
  });

  it('stays while the primary is silent, and lags as soon as that speaks', async () => {
    await joined();
    replica.awaitChange(change(1), false);
    await time.pass(300);
    for (let second = 0; second < 10; second++) {
      tail.silenceMs += 1_000;
      await time.pass(1_000);
    }
    expect([replica.state, replica.lagMs]).toEqual(['in-rotation', 300]);
    // Of an id it never answers without what is known of it; of lists, after the bound.
    expect(replica.hasAll({ keys: ['key 1'] })).toBe(false);
    expect(replica.hasAll({ keys: 'any' })).toBe(true);
    tail.silenceMs = 0;
    expect(replica.state).toBe('lagging');
  });

  it('is heard of by a write of this process as well, when the journal cannot be read', async () => {
    await joined();
    replica.awaitChange(change(1), true);
    tail.silenceMs = 5_000;
    await time.pass(lagMsMax + 1);
    replica.awaitChange(change(2), true);
    expect(replica.state).toBe('lagging');
  });

  it('that is further behind than is remembered has to come as far as was known then', async () => {
    await joined();
    const missing = Array.from({ length: 10_001 }, (_, index) => change(index + 1));
    for (const each of missing) replica.awaitChange(each, false);
    expect(replica.state).toBe('lagging');
    server.commits.push(...missing.slice(0, 10_000));
    await time.pass(1_000);
    expect(replica.state).toBe('lagging');
    server.commits.push(...missing.slice(10_000));
    await time.pass(1_000);
    expect(replica.state).toBe('in-rotation');
  });

  it('that has lost what it had shown has to show it again', async () => {
    server.commits.push(change(1), change(2));
    await joined();
    const lost = server.commits.pop();
    await time.pass(500);
    expect(replica.state).toBe('lagging');
    if (lost !== undefined) server.commits.push(lost);
    await time.pass(500);
    expect(replica.state).toBe('in-rotation');
  });

  it('leaves at the first read that it does not answer, and rests for two seconds', async () => {
    await joined();
    replica.noteFailure(new DatabaseUnavailableError(new Error('cut')));
    expect(replica.state).toBe('failing');
    await time.pass(1_900);
    expect(replica.state).toBe('failing');
    await time.pass(500);
    expect(replica.state).toBe('in-rotation');
  });

  it('stays when it has too much to do, or refuses one query', async () => {
    await joined();
    replica.noteFailure(new DatabaseOverloadedError(new Error('full')));
    replica.noteFailure(new Error('no such column'));
    expect(replica.state).toBe('in-rotation');
    await time.pass(500);
    expect(replica.state).toBe('in-rotation');
  });

  it('is looked at when it refuses a query, and leaves when it has not what queries need', async () => {
    await joined();
    schemaError = new Error('There is no such table.');
    await time.pass(1_000);
    expect(replica.state).toBe('in-rotation');
    replica.noteFailure(new Error('no such table'));
    await time.pass(300);
    expect(replica.state).toBe('failing');
  });

  it('leaves when it does not say how far it is, and is not asked any more after the stop', async () => {
    await joined();
    server.goAway(1_000);
    await time.pass(800);
    expect(replica.state).toBe('failing');
    await time.pass(2_000);
    expect(replica.state).toBe('in-rotation');

    const stopped = replica.stop();
    await time.pass(100);
    await stopped;
    expect(time.pending).toBe(0);
  });
});
