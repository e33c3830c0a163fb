/** What changes in the readiness of an instance, as it is found out. */
export type ReadinessEvent =
  | {
      readonly type: 'check-changed';
      readonly check: string;
      readonly status: 'up';
    }
  | {
      readonly type: 'check-changed';
      readonly check: string;
      readonly status: 'down';
      /** Whether it was up before, or has never been yet. */
      readonly wasUp: boolean;
      readonly reason: string;
      readonly error: unknown;
    }
  | {
      readonly type: 'readiness-changed';
      readonly ready: boolean;
      /** The checks that are down. */
      readonly failing: readonly string[];
    };
