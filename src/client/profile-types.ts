import type { components, operations } from './api-types.ts';

type Schemas = components['schemas'];
type QueryOf<Operation extends keyof operations> = NonNullable<operations[Operation]['parameters']['query']>;

export type User = Schemas['User'];
export type EnrichedUser = Schemas['EnrichedUser'];
export type NewUser = Schemas['CreateUser'];
export type UserChanges = Schemas['UpdateUser'];
/** A JSON Merge Patch (RFC 7396): `null` clears a field. */
export type UserPatch = Schemas['UserMergePatch'];
export type UserPage = Schemas['UserPage'];
export type UserChange = Schemas['UserChange'];
export type UserChangePage = Schemas['UserChangePage'];
export type Problem = Schemas['Problem'];
export type ProblemCode = Schemas['ProblemCode'];
export type Violation = Schemas['Violation'];

export type UserQuery = QueryOf<'listUsers'>;
export type ChangeQuery = QueryOf<'listUserChanges'>;
