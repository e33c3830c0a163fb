import Joi, { type CustomHelpers } from 'joi';
import { isStorable, metadataProblem, metadataShapeProblem } from './metadata.ts';
import { toE164 } from './phone-number.ts';
import { emailKey } from './text-keys.ts';
import { type JsonObject, type UserContent, userIdPattern } from './user.ts';
import { type UserSort, userSorts } from './user-queries.ts';

/** RFC 5321, section 4.5.3.1.3: a path of 256 octets less its angle brackets. */
const emailBytesMax = 254;

/** The body of a create: everything a client may say of a user, missing optionals filled in. */
export interface CreateUserRequest extends UserContent {
  readonly id?: string;
}

/** The body of PUT: the fields to change. */
export type UpdateUserRequest = Partial<UserContent>;

/** The body of PATCH, a JSON Merge Patch (RFC 7396): `null` clears, metadata merges. */
export interface PatchUserRequest extends Partial<Omit<UserContent, 'metadata'>> {
  readonly metadata?: JsonObject | null;
}

export interface ListUsersRequest {
  readonly limit: number;
  readonly sort: UserSort;
  readonly cursor?: string;
  readonly email?: string;
  readonly q?: string;
}

const id = Joi.string().max(64).pattern(userIdPattern);
const name = Joi.string().custom(textOf(255));
const email = Joi.string()
  .max(254)
  .email({ tlds: { allow: false }, ignoreLength: true })
  .custom(emailWithKey);
const phone = Joi.string().max(50).custom(phoneInE164).allow(null);
const displayName = Joi.string().custom(textOf(255)).allow(null);
const metadata = Joi.object().custom(heldAgainst(metadataProblem));

export const createUserSchema = Joi.object<CreateUserRequest>({
  id,
  name: name.required(),
  email: email.required(),
  phone: phone.default(null),
  displayName: displayName.default(null),
  metadata: metadata.default({}),
}).required();

export const updateUserSchema = Joi.object<UpdateUserRequest>({ name, email, phone, displayName, metadata })
  .min(1)
  .required();

export const patchUserSchema = Joi.object<PatchUserRequest>({
  name,
  email,
  phone,
  displayName,
  // How large the metadata may be is asked once they have been merged.
  metadata: Joi.object().custom(heldAgainst(metadataShapeProblem)).allow(null),
})
  .min(1)
  .required();

export const userPathSchema = Joi.object<{ id: string }>({ id: id.required() });

export const listUsersSchema = Joi.object<ListUsersRequest>({
  limit: Joi.number().integer().min(1).max(100).default(20),
  sort: Joi.string()
    .valid(...userSorts)
    .default('createdAt'),
  // A name of 255 control characters, escaped as JSON and then in base64, has 2,040; the rest is room.
  cursor: Joi.string().max(4096),
  email: Joi.string().max(254).custom(storable),
  q: Joi.string().max(255).custom(storable),
});

/** Text of 1 to `charactersMax` characters (code points) after trimming, answered trimmed. */
function textOf(charactersMax: number) {
  return (value: string, helpers: CustomHelpers) => {
    if (!isStorable(value)) return helpers.message({ custom: 'must not hold NUL or lone surrogates' });
    const trimmed = value.trim();
    if (trimmed === '') return helpers.message({ custom: 'must not be blank' });
    if (trimmed.length > charactersMax && Array.from(trimmed).length > charactersMax) {
      return helpers.message({ custom: `must have ${charactersMax} characters at most` });
    }
    return trimmed;
  };
}

function emailWithKey(value: string, helpers: CustomHelpers) {
  if (!isStorable(value)) return helpers.message({ custom: 'must not hold NUL or lone surrogates' });
  const key = emailKey(value);
  if (key === null) return helpers.message({ custom: 'must have a domain that exists in IDNA form' });
  return Buffer.byteLength(key) > emailBytesMax
    ? helpers.message({ custom: `must have ${emailBytesMax} bytes at most, its domain in IDNA form` })
    : value;
}

function phoneInE164(value: string, helpers: CustomHelpers) {
  return toE164(value) ?? helpers.message({ custom: 'must be an international number, such as +49 30 1234567' });
}

function heldAgainst(problemOf: (metadata: JsonObject) => string | null) {
  return (value: JsonObject, helpers: CustomHelpers) => {
    const problem = problemOf(value);
    return problem === null ? value : helpers.message({ custom: problem });
  };
}

function storable(value: string, helpers: CustomHelpers) {
  return isStorable(value) ? value : helpers.message({ custom: 'must not hold NUL or lone surrogates' });
}
