import { startDeadline, withTimeout } from '../resilience/deadline.ts';
import type { EventStream } from '../telemetry/event-stream.ts';
import { translatingErrors } from './database-errors.ts';
import type { DatabaseReader, ReadScope } from './database-reader.ts';
import type { KnownChanges } from './known-changes.ts';
import type { ReplicaEvent } from './replica-events.ts';
import type { Replica } from './replica.ts';

/** The part of a replica that reads are shared out by. */
export type ReadableReplica = Pick<Replica, 'number' | 'reader' | 'state' | 'hasAll' | 'noteFailure'>;

/**
 * Reads from the replicas in turn, and from the primary what they may not have yet. A replica that fails is made up for
 * by the primary, within the time that one read may take.
 *
 * @param options.budgetMs for a read, its time in line included, whoever answers it
 */
export function createReplicaReader(options: {
  readonly primary: DatabaseReader;
  readonly replicas: readonly ReadableReplica[];
  readonly knownChanges: Pick<KnownChanges, 'isInDoubt'>;
  readonly budgetMs: number;
  readonly events: EventStream<ReplicaEvent>;
}): DatabaseReader {
  const { primary, replicas, knownChanges, budgetMs, events } = options;
  let turn = 0;

  /** The next one in turn that has what is asked for. */
  function choose(scope: ReadScope): ReadableReplica | 'awaited-change' | 'none-in-rotation' {
    const inRotation = replicas.filter(({ state }) => state === 'in-rotation');
    if (inRotation.length === 0) return 'none-in-rotation';
    if (knownChanges.isInDoubt(scope)) return 'awaited-change';
    turn = (turn + 1) % inRotation.length;
    const inTurn = [...inRotation.slice(turn), ...inRotation.slice(0, turn)];
    return inTurn.find((replica) => replica.hasAll(scope)) ?? 'awaited-change';
  }

  return {
    read: async (query, scope) => {
      if (scope === undefined) return await primary.read(query);
      const replica = choose(scope);
      if (typeof replica === 'string') {
        events.emit({ type: 'primary-read', reason: replica });
        return await primary.read(query);
      }
      const deadline = startDeadline(budgetMs);
      try {
        const answer = await replica.reader.read(query);
        events.emit({ type: 'read', replica: replica.number, outcome: 'success' });
        return answer;
      } catch (error) {
        // Whatever it is: a read has no refusals of its own.
        replica.noteFailure(error);
        events.emit({ type: 'read', replica: replica.number, outcome: 'failure' });
      }
      events.emit({ type: 'primary-read', reason: 'replica-failed' });
      return await translatingErrors(() => withTimeout(deadline.remainingMs(), () => primary.read(query)));
    },
  };
}
