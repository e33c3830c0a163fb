import { domainToASCII } from 'node:url';

/** How many characters a search key keeps; what is longer differs behind them only. */
const searchKeyLengthMax = 255;
/** Most text is, and needs none of what follows. */
const isAscii = /^[ -~]*$/;
/** A domain that is its own IDNA form: no A-label, whose decoding would have to be checked, and no number at its end. */
const plainDomain = /^(?!.*xn--)(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]+$/;

/**
 * The form in which text is compared without regard to case: NFC, then lower, upper and lower case again, so that all
 * forms of a letter meet (ß, ẞ and ss; σ and ς; ı and i). Final sigma is taken back, because it depends on what follows
 * and a prefix must fold to a prefix.
 */
export function foldCase(text: string): string {
  if (isAscii.test(text)) return text.toLowerCase();
  return text.normalize('NFC').toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFC');
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
 * @returns null when there is no domain, or one without an IDNA form
 */
export function emailKey(email: string): string | null {
  const at = email.lastIndexOf('@');
  if (at < 1) return null;
  const given = email.slice(at + 1).toLowerCase();
  const domain = plainDomain.test(given) ? given : domainToASCII(email.slice(at + 1));
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
