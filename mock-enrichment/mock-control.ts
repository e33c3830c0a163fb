/** The ways the provider can behave; `serveEnrichment` says what a caller meets in each. */
export const MODES = [
  'healthy',
  'failing',
  'slow',
  'hanging',
  'flaky',
  'rate-limited',
  'not-found',
  'malformed',
  'reset',
] as const;

export type Mode = (typeof MODES)[number];

/** What one request meets: `flaky` and `failNext` have been decided by then. */
export type Behaviour = Exclude<Mode, 'flaky'>;

export interface ControlState {
  readonly mode: Mode;
  /** Share of requests that fail in mode `flaky`, 0–1. The other modes ignore it. */
  readonly failureRate: number;
  /** How long mode `slow` takes to answer. The other modes ignore it, so that going back to `healthy` heals at once. */
  readonly latencyMs: number;
  /** How many of the next requests still fail with 500, whatever the mode. */
  readonly failNext: number;
}

export type ControlChanges = Partial<ControlState>;

/** A fresh mock is healthy; the other values are what `flaky` and `slow` start from when nobody has chosen. */
export const DEFAULT_STATE: ControlState = { mode: 'healthy', failureRate: 0.5, latencyMs: 2000, failNext: 0 };

interface MockControlOptions {
  readonly initial: ControlState;
  /** Uniform in [0, 1), as `Math.random`. */
  readonly random: () => number;
  readonly onChange: () => void;
}

/** Holds what the operator has chosen and decides, request by request, what the caller meets. */
export class MockControl {
  readonly #initial: ControlState;
  readonly #random: () => number;
  readonly #onChange: () => void;
  #state: ControlState;

  constructor({ initial, random, onChange }: MockControlOptions) {
    this.#initial = initial;
    this.#random = random;
    this.#onChange = onChange;
    this.#state = initial;
  }

  get state(): ControlState {
    return this.#state;
  }

  /** Changes the fields it is given and answers the new state. The values must be in range: the edges check them. */
  change(changes: ControlChanges): ControlState {
    this.#state = { ...this.#state, ...changes };
    this.#onChange();
    return this.#state;
  }

  /** Goes back to the state it was started with. */
  reset(): ControlState {
    return this.change(this.#initial);
  }

  /** What the next request meets; uses up one of `failNext`. */
  nextBehaviour(): Behaviour {
    const { mode, failureRate, failNext } = this.#state;
    if (failNext > 0) {
      this.change({ failNext: failNext - 1 });
      return 'failing';
    }
    if (mode === 'flaky') return this.#random() < failureRate ? 'failing' : 'healthy';
    return mode;
  }
}
