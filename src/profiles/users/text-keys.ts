import { domainToASCII } from 'node:url';

/** How many characters a search key keeps; what is longer differs behind them only. */
const searchKeyLengthMax = 255;

/**
 * The form in which text is compared without regard to case: NFC, every letter mapped as Unicode's case folding does.
 *
 * Upper case first, so that letters with several lower-case forms (ß and ss, σ and ς) meet. A prefix of a text folds
 * to a prefix of the folded text, which the one context-dependent letter, final sigma, would otherwise break.
 */
export function foldCase(text: string): string {
  return text.normalize('NFC').toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFC');
}

/** The key by which texts are sorted and searched by prefix. */
export function searchKey(text: string): string {
  const folded = foldCase(text);
  return folded.length <= searchKeyLengthMax ? folded : Array.from(folded).slice(0, searchKeyLengthMax).join('');
}

/**
 * The key by which an e-mail address is unique: folded, its domain in IDNA form (UTS #46). Dots and plus signs stay,
 * because only the provider knows what they mean.
 *
 * @returns null when the domain has no IDNA form
 */
export function emailKey(email: string): string | null {
  const at = email.lastIndexOf('@');
  const domain = domainToASCII(email.slice(at + 1));
  return domain === '' ? null : `${foldCase(email.slice(0, at))}@${domain}`;
}

/** The smallest text that is greater than every text which starts with `prefix`, or null when there is none. */
export function prefixEnd(prefix: string): string | null {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  while (points.at(-1) === 0x10ffff) points.pop();
  const last = points.pop();
  if (last === undefined) return null;
  // Surrogates are not characters: the one after U+D7FF is U+E000.
  return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
}

/** Orders by code point, as the databases' binary collations do; JavaScript's `<` orders by UTF-16 unit. */
export function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
