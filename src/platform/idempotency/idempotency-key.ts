import { ValidationError } from '../validation-error.ts';

const lengthMax = 255;
/** Visible ASCII that neither starts nor ends with a quote: that would be a string that is broken. */
const bare = /^(?!")[\x21-\x7e]+(?<!")$/;
/** A string of RFC 9651, section 3.3.3, without its spaces and without parameters. */
const quoted = /^"((?:[\x21\x23-\x5b\x5d-\x7e]|\\["\\])+)"$/;

/**
 * Reads the `Idempotency-Key` header: 1–255 visible ASCII characters, bare or as a string of RFC 9651 in quotes, which
 * are the same key. https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header
 *
 * @param values the raw values of all its header lines; joined by Node.js they have a blank, which is refused as well
 * @throws ValidationError
 */
export function parseIdempotencyKey(values: readonly string[]): string {
  const [value, second] = values;
  if (value === undefined || second !== undefined) throw refusal('must be given once');
  const content = quoted.exec(value)?.[1]?.replaceAll(/\\(["\\])/g, '$1') ?? bare.exec(value)?.[0];
  if (content === undefined || content.length > lengthMax) {
    throw refusal(`must have 1 to ${lengthMax} visible ASCII characters, bare or as a quoted string`);
  }
  return content;
}

function refusal(detail: string): ValidationError {
  return new ValidationError([{ pointer: '#/header/Idempotency-Key', detail }]);
}
