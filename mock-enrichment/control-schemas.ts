import Joi from 'joi';
import { type ControlChanges, MODES } from './mock-control.ts';

export const modeSchema = Joi.valid(...MODES);
export const failureRateSchema = Joi.number().min(0).max(1);
export const latencyMsSchema = Joi.number().integer().min(0).max(60_000);
const failNextSchema = Joi.number().integer().min(0).max(100_000);

/** The body of `PUT /control`: any of the four fields, at least one, nothing else, and no guessing of types. */
const controlChangesSchema = Joi.object<ControlChanges>({
  mode: modeSchema,
  failureRate: failureRateSchema,
  latencyMs: latencyMsSchema,
  failNext: failNextSchema,
})
  .min(1)
  .required()
  .messages({
    'object.base': 'must be a JSON object',
    'object.min': 'needs at least one of mode, failureRate, latencyMs, failNext',
  });

export interface FieldProblem {
  /** The field's name; empty when the body as a whole is wrong. */
  readonly field: string;
  readonly message: string;
}

export type CheckedChanges =
  | { readonly kind: 'valid'; readonly changes: ControlChanges }
  | { readonly kind: 'invalid'; readonly problems: readonly FieldProblem[] };

/** Checks a body of `PUT /control` and reports every problem at once. */
export function checkControlChanges(body: unknown): CheckedChanges {
  const { error, value } = controlChangesSchema.validate(body, {
    abortEarly: false,
    convert: false,
    errors: { label: false },
  });
  if (error === undefined) return { kind: 'valid', changes: value };
  const problems = error.details.map(({ path, message }) => ({ field: path.join('.'), message }));
  return { kind: 'invalid', problems };
}
