/** Why a replica gets no reads. */
export type ReplicaAbsence =
  /** Since the start: it is not known yet how far it is. */
  | 'joining'
  /** It has missed a change for longer than the bound. */
  | 'lagging'
  /** It does not answer, or not with the schema that is needed. */
  | 'failing';

export type ReplicaState = 'in-rotation' | ReplicaAbsence;

/** Why a read went to the primary although there are replicas. */
export type PrimaryReadReason =
  /** Every replica may lack a change that this process knows of. */
  | 'awaited-change'
  | 'none-in-rotation'
  /** A replica was asked and has failed. */
  | 'replica-failed';

/** What happens between the service and the replicas of its database. Replicas are numbered from 1, as configured. */
export type ReplicaEvent =
  | { readonly type: 'joined'; readonly replica: number }
  | {
      readonly type: 'left';
      readonly replica: number;
      readonly reason: 'lagging' | 'failing';
      /** Why it fails. */
      readonly error?: unknown;
    }
  | { readonly type: 'read'; readonly replica: number; readonly outcome: 'success' | 'failure' }
  | { readonly type: 'primary-read'; readonly reason: PrimaryReadReason };
