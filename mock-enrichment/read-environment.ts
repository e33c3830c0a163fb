import Joi from 'joi';
import { failureRateSchema, latencyMsSchema, modeSchema } from './control-schemas.ts';
import { DEFAULT_STATE, type Mode } from './mock-control.ts';

interface Variables {
  readonly MOCK_PORT: number;
  readonly HOST: string;
  readonly MOCK_MODE: Mode;
  readonly MOCK_FAILURE_RATE: number;
  readonly MOCK_LATENCY_MS: number;
}

/** An empty variable counts as unset: compose files pass those. */
const variablesSchema = Joi.object<Variables>({
  MOCK_PORT: Joi.number().port().empty('').default(8081),
  HOST: Joi.string().empty('').default('0.0.0.0'),
  MOCK_MODE: modeSchema.empty('').default(DEFAULT_STATE.mode),
  MOCK_FAILURE_RATE: failureRateSchema.empty('').default(DEFAULT_STATE.failureRate),
  MOCK_LATENCY_MS: latencyMsSchema.empty('').default(DEFAULT_STATE.latencyMs),
}).unknown();

export interface Settings {
  readonly port: number;
  readonly host: string;
  readonly mode: Mode;
  readonly failureRate: number;
  readonly latencyMs: number;
}

export type Environment =
  | { readonly kind: 'valid'; readonly settings: Settings }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** Reads the mock's settings from environment variables, with defaults; reports every problem at once. */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const { error, value } = variablesSchema.validate(variables, {
    abortEarly: false,
    errors: { wrap: { label: false } },
  });
  if (error !== undefined) return { kind: 'invalid', problems: error.details.map(({ message }) => message) };
  return {
    kind: 'valid',
    settings: {
      port: value.MOCK_PORT,
      host: value.HOST,
      mode: value.MOCK_MODE,
      failureRate: value.MOCK_FAILURE_RATE,
      latencyMs: value.MOCK_LATENCY_MS,
    },
  };
}
