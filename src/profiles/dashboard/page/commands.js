import { element, say } from './dom.js';
import { opsToken } from './ops-token.js';

/** How long a command may take. */
const ANSWER_MS = 4000;

/**
 * @import { ProviderState } from '../provider-state.ts'
 * @import { BreakerSnapshot } from '../resilience-snapshot.ts'
 *
 * @typedef {{ '/ops/provider': ProviderState, [breaker: `/ops/breakers/${string}`]: BreakerSnapshot }} Answers
 */

/**
 * @template Answer
 * @typedef {object} Answered
 * @property {Answer | null} answer null: it has failed
 * @property {string | null} problem
 * @property {string} [code] of the problem that the service has told
 */

/**
 * Sends a command to the service. Answers null when that has failed, and says so on the page; never rejects.
 *
 * @template {keyof Answers} Path
 * @param {string} method
 * @param {Path} path
 * @param {object} [body]
 */
export async function command(method, path, body) {
  const { answer, problem } = await ask(method, path, body);
  say(element('refusal'), problem ?? '');
  return answer;
}

/**
 * As a command, but leaves it to the caller to say that it has failed: nobody has pressed anything.
 *
 * @template {keyof Answers} Path
 * @param {string} method
 * @param {Path} path
 * @param {object} [body]
 * @returns {Promise<Answered<Answers[Path]>>}
 */
export async function ask(method, path, body) {
  const token = opsToken.get();
  try {
    const response = await fetch(path, {
      method,
      signal: AbortSignal.timeout(ANSWER_MS),
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(token !== null && { authorization: `Bearer ${token}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = await response.json();
    if (response.ok) return { answer, problem: null };
    /** @type {{ title: string, detail?: string, code: string }} */
    const { title, detail, code } = answer;
    return { answer: null, problem: `The service refused: ${detail ?? title}`, code };
  } catch {
    return { answer: null, problem: 'That did not reach the service.' };
  }
}
