import Joi from 'joi';
import type { BreakerAction } from './resilience-monitor.ts';

export interface ControlBreakerRequest {
  readonly action: BreakerAction;
  readonly by: string;
}

export const controlBreakerSchema = Joi.object<ControlBreakerRequest>({
  action: Joi.string().valid('open', 'close', 'reset').required(),
  // It is logged, and a terminal may show the log: nothing that moves its cursor, or turns its text around.
  by: Joi.string()
    .max(64)
    // oxlint-disable-next-line no-control-regex
    .pattern(/^(?=.*\S)[^\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+$/)
    .required(),
}).required();

export const snapshotQuerySchema = Joi.object<{ since?: number }>({ since: Joi.number().integer().min(0) });

export const streamQuerySchema = Joi.object({});
