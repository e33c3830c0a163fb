import { element, say } from './dom.js';
import { opsToken } from './ops-token.js';

/** How long a command may take. */
const ANSWER_MS = 4000;

/** Sends a command to the service. Answers null when that has failed, and says so on the page; never rejects. */
export async function command(method, path, body) {
  const { answer, problem } = await ask(method, path, body);
  say(element('refusal'), problem ?? '');
  return answer;
}

/** As a command, but leaves it to the caller to say that it has failed: nobody has pressed anything. */
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
    return response.ok
      ? { answer, problem: null }
      : { answer: null, problem: `The service refused: ${answer.detail ?? answer.title}`, code: answer.code };
  } catch {
    return { answer: null, problem: 'That did not reach the service.' };
  }
}
