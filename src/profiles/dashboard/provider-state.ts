import Joi from 'joi';

/** How the mock provider behaves. */
export interface ProviderState {
  readonly mode: string;
  /** Share of requests that fail in mode `flaky`, 0–1. */
  readonly failureRate: number;
  /** How long mode `slow` takes to answer. */
  readonly latencyMs: number;
  /** How many of the next requests fail whatever the mode. */
  readonly failNext: number;
}

export type ProviderChanges = Partial<ProviderState>;

const providerFields = {
  mode: Joi.string().valid(
    'healthy',
    'failing',
    'slow',
    'hanging',
    'flaky',
    'rate-limited',
    'not-found',
    'malformed',
    'reset',
  ),
  failureRate: Joi.number().min(0).max(1),
  latencyMs: Joi.number().integer().min(0).max(60_000),
  failNext: Joi.number().integer().min(0).max(100_000),
};

/** The mock's own rules: what it would refuse does not get there. */
export const providerChangesSchema = Joi.object<ProviderChanges>(providerFields).min(1).required();

/** What the mock answers. Another service at its address would say something else. */
export const providerStateSchema = Joi.object<ProviderState>(providerFields)
  .options({ presence: 'required' })
  .required();
