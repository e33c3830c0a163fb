import { createEventStreamParser } from './event-stream-parser.js';

/**
 * @import { ResilienceSnapshot } from '../resilience-snapshot.ts'
 *
 * @typedef {'live' | 'polling' | 'lost' | 'refused'} ContactState
 *
 * @typedef {object} ContactParts
 * @property {(snapshot: ResilienceSnapshot) => void} onSnapshot
 * @property {(state: ContactState, heardAt: number) => void} onState
 * @property {() => number | null} lastId
 * @property {() => string | null} token
 */

const FEED = '/ops/resilience';
/** A snapshot comes every second; a silence of this length means that nobody is there. */
const SILENCE_MS = 3000;
const POLL_EVERY_MS = 2000;
/** So many polls in a row are answered before the stream is tried again. */
const POLLS_BEFORE_STREAM = 10;
const STREAM_FAILURES_MAX = 2;
const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 4000;

/**
 * Keeps in contact with the service: reads the stream, polls when the stream fails, says when it hears nothing, and
 * goes on trying.
 *
 * `onState` hears `live`, `polling`, `lost` (with the time of the last sound) and `refused`, which lasts until
 * `tryAgain`, as `rest` does. `lastId` and `token` are asked before each attempt.
 */
export class Contact {
  #onSnapshot;
  #onState;
  #lastId;
  #token;
  #heardAt = Date.now();
  #sounds = 0;
  #isResting = false;
  /** @type {ContactState | 'connecting'} */
  #state = 'connecting';
  /** @type {number | undefined} */
  #silence;
  #attempt = new AbortController();
  #wake = () => {};

  /** @param {ContactParts} parts */
  constructor({ onSnapshot, onState, lastId, token }) {
    this.#onSnapshot = onSnapshot;
    this.#onState = onState;
    this.#lastId = lastId;
    this.#token = token;
  }

  /** Never ends. */
  async keep() {
    let failures = 0;
    let streamFailures = 0;
    for (;;) {
      // `rest` ends a pause as well, and may come before the first attempt.
      while (this.#isResting) await this.#pause(Infinity);
      this.#expectSound();
      const soundsBefore = this.#sounds;
      const hasPolled = streamFailures >= STREAM_FAILURES_MAX;
      const isRefused = hasPolled ? await this.#poll() : await this.#readStream();
      const hasHeard = this.#sounds > soundsBefore;
      failures = hasHeard ? 0 : failures + 1;
      // After polls that were answered the stream gets one more chance; one that fails is followed by polls at once.
      if (hasPolled) streamFailures = hasHeard ? STREAM_FAILURES_MAX - 1 : STREAM_FAILURES_MAX;
      else streamFailures = hasHeard ? 1 : streamFailures + 1;
      const isToWait = isRefused || this.#isResting;
      if (isToWait) {
        failures = 0;
        streamFailures = 0;
      }
      await this.#pause(isToWait ? Infinity : Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** failures));
    }
  }

  /** Asks for nothing while nobody looks: a browser has few connections to a service, and all its tabs share them. */
  rest() {
    this.#isResting = true;
    clearTimeout(this.#silence);
    this.#attempt.abort();
    this.#wake();
  }

  /** Ends the wait for the next attempt. */
  tryAgain() {
    if (this.#state === 'refused' || this.#isResting) this.#heardAt = Date.now();
    this.#isResting = false;
    this.#wake();
  }

  async #readStream() {
    const response = await this.#ask(`${FEED}/stream`, 'text/event-stream');
    if (!response?.ok || response.body === null) return response?.status === 401;
    const parse = createEventStreamParser(({ type, data }) => {
      if (type === 'snapshot') this.#hear('live', JSON.parse(data));
    });
    try {
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) parse(part.value);
    } catch {
      // It ended without a word, or has been given up after a silence: either way there will be another attempt.
    }
    return false;
  }

  async #poll() {
    // Who was away and is back very likely has its stream back, too.
    const pollsMax = this.#state === 'lost' ? 1 : POLLS_BEFORE_STREAM;
    for (let polls = 0; polls < pollsMax && !this.#isResting; polls += 1) {
      const since = this.#lastId();
      const response = await this.#ask(since === null ? FEED : `${FEED}?since=${since}`, 'application/json');
      if (!response?.ok) return response?.status === 401;
      try {
        this.#hear('polling', await response.json());
      } catch {
        return false;
      }
      if (polls < pollsMax - 1) await this.#pause(POLL_EVERY_MS);
    }
    return false;
  }

  /**
   * The answer; undefined: there was none.
   *
   * @param {string} path
   * @param {string} accept
   */
  async #ask(path, accept) {
    this.#attempt = new AbortController();
    const token = this.#token();
    const lastId = this.#lastId();
    try {
      const response = await fetch(path, {
        cache: 'no-store',
        signal: this.#attempt.signal,
        headers: {
          accept,
          ...(token !== null && { authorization: `Bearer ${token}` }),
          ...(lastId !== null && { 'last-event-id': String(lastId) }),
        },
      });
      if (response.status === 401) {
        clearTimeout(this.#silence);
        this.#say('refused');
      }
      return response;
    } catch {
      return undefined;
    }
  }

  /**
   * @param {ContactState} state
   * @param {ResilienceSnapshot} snapshot
   */
  #hear(state, snapshot) {
    this.#heardAt = Date.now();
    this.#sounds += 1;
    this.#expectSound();
    this.#onSnapshot(snapshot);
    this.#say(state);
  }

  #expectSound() {
    clearTimeout(this.#silence);
    // The clock may have been put back meanwhile.
    const silentMs = this.#state === 'lost' ? 0 : Math.max(0, Date.now() - this.#heardAt);
    this.#silence = setTimeout(
      () => {
        this.#say('lost');
        // A browser does not notice a dead link.
        this.#attempt.abort();
      },
      Math.max(0, SILENCE_MS - silentMs),
    );
  }

  /** @param {ContactState} state */
  #say(state) {
    // A second refusal is news: it is of another token.
    if (state === this.#state && state !== 'refused') return;
    this.#state = state;
    this.#onState(state, this.#heardAt);
  }

  /** @param {number} delayMs */
  async #pause(delayMs) {
    /** @type {Promise<void>} */
    const woken = new Promise((resolve) => {
      this.#wake = resolve;
      if (delayMs !== Infinity) setTimeout(resolve, delayMs);
    });
    await woken;
  }
}
