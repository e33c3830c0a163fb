import { parsePhoneNumberFromString } from 'libphonenumber-js';

/** ITU-T E.164: a country code and up to 15 digits in all. Shorter than seven is no subscriber anywhere. */
const e164 = /^\+[1-9]\d{6,14}$/;
const ascii = /^[\0-\x7f]*$/;

/**
 * Reads any international spelling (`+49 (0)30 1234567`, `0049-30-1234567`, `tel:+49-30-1234567`) as E.164.
 *
 * Whether the number is assigned is not asked: numbering plans change faster than their tables.
 *
 * @returns null when it is no international number, or has an extension, which E.164 cannot hold
 */
export function toE164(text: string): string | null {
  // NFKC turns full-width digits and signs into plain ones. Of ASCII it makes nothing else, and takes its time.
  const compatible = ascii.test(text) ? text : text.normalize('NFKC');
  const plain = compatible.trim().replace(/^tel:/i, '');
  const international = plain.replace(/^00(?=[1-9])/, '+');
  const parsed = parsePhoneNumberFromString(international, { extract: false });
  if (!parsed || parsed.ext !== undefined) return null;
  if (parsed.number === international) return e164.test(international) ? international : null;
  // The parser also drops what it takes for a prefix of some country's own. Only a trunk 0 may go; anything else was
  // part of a number that it has misunderstood.
  const given = international.replaceAll(/\D/g, '');
  const isAsGiven = [parsed.countryCallingCode, `${parsed.countryCallingCode}0`].some(
    (prefix) => given === prefix + parsed.nationalNumber,
  );
  return isAsGiven && e164.test(parsed.number) ? parsed.number : null;
}
