import { availableParallelism } from 'node:os';
import Joi, { type CustomHelpers } from 'joi';

export interface WorkerSettings {
  WORKERS: number;
}

export const workerKeys = {
  WORKERS: Joi.string()
    .custom(workerCount)
    .default(1)
    .description('Processes that do the work, 1 to 64; `auto`: one for each core'),
};

const workersMax = 64;

function workerCount(text: string, helpers: CustomHelpers) {
  const count = text === 'auto' ? Math.min(availableParallelism(), workersMax) : Number(text);
  return Number.isInteger(count) && count >= 1 && count <= workersMax
    ? count
    : helpers.message({ custom: `{{#label}} must be a number from 1 to ${workersMax}, or auto` });
}
