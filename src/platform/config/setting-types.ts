import Joi, { type CustomHelpers, type ErrorReport } from 'joi';

/** In milliseconds, an hour at most. */
export const durationMs = Joi.number().integer().min(1).max(3_600_000);

export const count = Joi.number().integer().min(1).max(100_000);

/** An address to which paths are appended, so nothing may stand behind its own. */
export function baseUrl(text: string, helpers: CustomHelpers): string | ErrorReport {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && url.search === '' && url.hash === ''
    ? text
    : helpers.message({ custom: '{{#label}} must be an address without query and fragment' });
}

/** What `parse` makes of a text; the message of its error, which must not repeat the text, says what is wrong with it. */
export function parsedBy<T>(parse: (text: string) => T): (text: string, helpers: CustomHelpers) => T | ErrorReport {
  return (text, helpers) => {
    try {
      return parse(text);
    } catch (error) {
      return helpers.message({ custom: `{{#label}} ${error instanceof Error ? error.message : 'cannot be read'}` });
    }
  };
}
