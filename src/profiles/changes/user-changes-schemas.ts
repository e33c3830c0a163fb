import Joi from 'joi';

export interface ListUserChangesRequest {
  readonly limit: number;
  readonly cursor?: string;
}

export const listUserChangesSchema = Joi.object<ListUserChangesRequest>({
  limit: Joi.number().integer().min(1).max(100).default(20),
  // A number of 15 digits has 20 characters in base64.
  cursor: Joi.string().max(64),
});
