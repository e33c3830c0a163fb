/** Why a restart of all workers was given up. */
export type RestartFailure = 'not-started' | 'exited' | 'not-ready-in-time';

/** What happens to the workers of a supervisor. */
export type WorkerEvent =
  | { readonly type: 'started'; readonly worker: number }
  /** Nobody had told it to. A successor comes after `delayMs`. */
  | {
      readonly type: 'lost';
      readonly worker: number;
      readonly code: number | null;
      readonly signal: string | null;
      /** Why it could not even be started; else null. */
      readonly error: unknown;
      readonly delayMs: number;
    }
  /** It did not end in time when it was told to. */
  | { readonly type: 'killed'; readonly worker: number }
  | { readonly type: 'restart-begun' }
  | { readonly type: 'replaced'; readonly worker: number; readonly successor: number }
  | { readonly type: 'restart-ended'; readonly workers: number }
  /** The worker that was to take over did not come up. Those that had not been replaced go on. */
  | {
      readonly type: 'restart-failed';
      readonly worker: number;
      readonly failure: RestartFailure;
      /** Why it could not even be started; else null. */
      readonly error: unknown;
    };
