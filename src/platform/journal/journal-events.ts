/** More changes than are read one by one; more numbers missing than are asked for; or it is another journal. */
export type SkipReason = 'far-behind' | 'many-gaps' | 'journal-reset';

/** How it goes with following a journal of changes. */
export type JournalEvent =
  /** It has not been read for some seconds, or not since the start. */
  | { readonly type: 'contact-lost'; readonly error: unknown }
  | { readonly type: 'contact-regained'; readonly silenceMs: number }
  /** It is not known what has changed, so that everything counts as changed. */
  | {
      readonly type: 'skipped';
      readonly reason: SkipReason;
      /** How many numbers are passed over. */
      readonly changes: number;
    };
