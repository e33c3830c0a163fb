import { beforeEach, describe, expect, it } from '@jest/globals';
import { DatabaseUnavailableError } from '../../../src/platform/database/database-errors.ts';
import type { DatabaseReader, ReadScope } from '../../../src/platform/database/database-reader.ts';
import { logReplicas } from '../../../src/platform/database/replica-log.ts';
import { recordReplicas } from '../../../src/platform/database/replica-metrics.ts';
import { createReplicaReader, type ReadableReplica } from '../../../src/platform/database/replica-reader.ts';
import type { ReplicaEvent, ReplicaState } from '../../../src/platform/database/replica-events.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import { createMetrics } from '../../../src/platform/telemetry/metrics.ts';
import { ScrapedMetrics } from '../../helpers/scraped-metrics.ts';

const away = new DatabaseUnavailableError(new Error('away'));

/** What asks one server: reads are answered with its name. */
interface FakeServer {
  reader: DatabaseReader;
  failure: Error | null;
}

function server(name: string): FakeServer {
  const self: FakeServer = {
    failure: null,
    // The query is not run: what it would find is who was asked.
    reader: {
      read: async <T>() => await (self.failure === null ? Promise.resolve(name as T) : Promise.reject(self.failure)),
    },
  };
  return self;
}

class FakeReplica implements ReadableReplica {
  readonly number: number;
  readonly server: FakeServer;
  readonly lagMs = 1_500;
  readonly failures: unknown[] = [];
  state: ReplicaState = 'in-rotation';
  lacks: string[] = [];

  constructor(number: number) {
    this.number = number;
    this.server = server(`replica ${number}`);
  }

  get reader(): DatabaseReader {
    return this.server.reader;
  }

  hasAll({ keys }: ReadScope): boolean {
    return keys === 'any' ? this.lacks.length === 0 : !keys.some((key) => this.lacks.includes(key));
  }

  noteFailure(error: unknown): void {
    this.failures.push(error);
  }
}

describe('The reader of replicas', () => {
  let primary: FakeServer;
  let replicas: [FakeReplica, FakeReplica];
  let doubted: string[];
  let events: EventStream<ReplicaEvent>;
  let reader: DatabaseReader;

  beforeEach(() => {
    primary = server('primary');
    replicas = [new FakeReplica(1), new FakeReplica(2)];
    doubted = [];
    events = new EventStream<ReplicaEvent>((error) => {
      throw error;
    });
    const knownChanges = {
      isInDoubt: ({ keys }: ReadScope) => (keys === 'any' ? doubted : keys).some((key) => doubted.includes(key)),
    };
    reader = createReplicaReader({ primary: primary.reader, replicas, knownChanges, budgetMs: 50, events });
  });

  /** Who answers. */
  const read = async (scope: ReadScope = { keys: 'any' }): Promise<unknown> =>
    await reader.read(() => Promise.resolve(''), scope);

  it('asks them in turn', async () => {
    const answers = [await read(), await read({ keys: ['a'] }), await read(), await read()];
    expect(answers.map(String).toSorted()).toEqual(['replica 1', 'replica 1', 'replica 2', 'replica 2']);
    expect(answers[0]).not.toBe(answers[1]);
  });

  it('asks the primary for reads that do not say what they look at', async () => {
    expect(await reader.read(() => Promise.resolve(''))).toBe('primary');
  });

  it('asks whoever has what the read looks at, and the primary when nobody has', async () => {
    replicas[0].lacks = ['a', 'b'];
    replicas[1].lacks = ['a'];
    for (let round = 0; round < 4; round++) {
      expect(await read({ keys: ['b'] })).toBe('replica 2');
      expect(await read({ keys: ['b', 'a'] })).toBe('primary');
      expect(await read()).toBe('primary');
    }
  });

  it('asks the primary for what is in doubt', async () => {
    doubted = ['a'];
    expect([await read({ keys: ['a'] }), await read()]).toEqual(['primary', 'primary']);
    expect(await read({ keys: ['b'] })).toMatch(/^replica/);
  });

  it('asks nobody who is out of the rotation', async () => {
    replicas[0].state = 'lagging';
    expect([await read(), await read(), await read()]).toEqual(['replica 2', 'replica 2', 'replica 2']);
    replicas[1].state = 'failing';
    expect(await read()).toBe('primary');
  });

  it.each([
    away,
    new Error('no such column'),
  ])('asks the primary once when a replica fails with %p', async (failure) => {
    replicas[1].state = 'failing';
    replicas[0].server.failure = failure;
    expect(await read()).toBe('primary');
    expect(replicas[0].failures).toEqual([failure]);

    primary.failure = away;
    await expect(read()).rejects.toBe(away);
  });

  it('waits for the primary no longer than one read may take', async () => {
    replicas[1].state = 'failing';
    replicas[0].server.failure = away;
    // A frozen one.
    primary.reader.read = async () => await new Promise<never>(() => {});
    const startedAt = performance.now();
    reader = createReplicaReader({
      primary: primary.reader,
      replicas,
      knownChanges: { isInDoubt: () => false },
      budgetMs: 50,
      events,
    });
    await expect(read()).rejects.toBeInstanceOf(DatabaseUnavailableError);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('tells in metrics who has answered, and how the replicas are', async () => {
    const registry = createMetrics({ service: 'test', version: '1.2.3', revision: 'abc' });
    recordReplicas(events, registry, replicas);
    replicas[1].state = 'lagging';
    await read();
    replicas[0].lacks = ['a'];
    await read();
    replicas[0].lacks = [];
    replicas[0].server.failure = away;
    await read();
    replicas[0].state = 'failing';
    await read();

    const metrics = new ScrapedMetrics(await registry.metrics());
    expect(metrics.values('database_replica_reads_total')).toEqual({ '1 success': 1, '1 failure': 1 });
    expect(metrics.values('database_replica_bypassed_reads_total')).toEqual({
      'awaited-change': 1,
      'replica-failed': 1,
      'none-in-rotation': 1,
    });
    expect(metrics.values('database_replica_state')).toEqual({ '1 failing': 1, '2 lagging': 1 });
    expect(metrics.values('database_replica_lag_seconds')).toEqual({ '1': 1.5, '2': 1.5 });
  });

  it('has a line in the log for each replica that comes or goes, and none for reads', () => {
    const lines: unknown[] = [];
    const write = (level: string) => (fields: object, message: string) => void lines.push([level, fields, message]);
    logReplicas(events, { info: write('info'), warn: write('warn') });
    events.emit({ type: 'left', replica: 2, reason: 'failing', error: away });
    events.emit({ type: 'joined', replica: 2 });
    events.emit({ type: 'read', replica: 2, outcome: 'failure' });
    expect(lines).toEqual([
      ['warn', { replica: 2, reason: 'failing', err: away }, 'Replica is out of the rotation'],
      ['info', { replica: 2 }, 'Replica is in the rotation'],
    ]);
  });
});
