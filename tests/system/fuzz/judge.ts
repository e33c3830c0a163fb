import { expectConforms } from '../../helpers/openapi-conformance.ts';
import { find, violationsOf } from '../../helpers/openapi-document.ts';
import type { RawAnswer } from './raw-http.ts';
import { headerOf, type WireRequest } from './wire-request.ts';

const problemSchema = find('components', 'schemas', 'Problem');

/** What is wrong with the answers to a request; nothing when they are as openapi.yaml says. */
export function faultsOf(request: WireRequest, answers: readonly RawAnswer[]): string[] {
  const faults = answers.flatMap(faultsOfAny);
  if (!request.sound) return faults;
  const [answer] = answers;
  if (answer === undefined || answers.length > 1)
    return [...faults, `There are ${answers.length} answers to one request.`];
  return [...faults, ...differencesOf(request, answer)];
}

/** What holds for every answer, whatever was asked. */
function faultsOfAny({ status, headers, body }: RawAnswer): string[] {
  const problem =
    status >= 400 && body !== '' && problemSchema !== undefined ? violationsOf(problemSchema, parsed(body)) : [];
  return [
    ...(status >= 500 ? [`The status is ${status}.`] : []),
    ...(status >= 400 && headers['content-type'] !== 'application/problem+json; charset=utf-8'
      ? ['An error is no problem.']
      : []),
    ...problem.map((violation) => `The problem${violation}.`),
    ...(headers['x-request-id'] === undefined ? ['X-Request-Id is missing.'] : []),
    ...(headers['x-content-type-options'] === 'nosniff' ? [] : ['nosniff is missing.']),
    ...(headers['content-security-policy']?.startsWith("default-src 'none'") ? [] : ['There is no security policy.']),
    ...(headers['set-cookie'] === undefined ? [] : ['A cookie is set.']),
    ...(headers['access-control-allow-origin'] === 'https://evil.example' ? ['A foreign origin is let in.'] : []),
    ...(headers['content-type']?.includes('html') !== true && body.includes('<script') ? ['Markup comes back.'] : []),
  ];
}

function differencesOf(request: WireRequest, { status, headers, body }: RawAnswer): string[] {
  try {
    const text = request.text?.replace(/^\ufeff/, '');
    const type = headerOf(request, 'Content-Type')?.split(';')[0]?.trim().toLowerCase();
    expectConforms({
      method: request.method,
      path: request.target,
      ...(text === undefined ? {} : { requestBody: parsed(text) }),
      ...(type === undefined ? {} : { requestType: type }),
      status,
      headers,
      body,
    });
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

/** @returns undefined, which JSON cannot hold, when the text is not JSON */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
