import type { IncomingMessage } from 'node:http';
import { ValidationError } from '../validation-error.ts';

/** A comma-separated list of entity tags, or `*` (RFC 9110, section 13.1). */
export type EntityTags = '*' | readonly EntityTag[];

export interface EntityTag {
  readonly value: string;
  readonly weak: boolean;
}

const entityTag = /(?<weak>W\/)?"(?<value>[\x21\x23-\x7e\x80-\xff]*)"/;
const oneEntityTag = new RegExp(`^${entityTag.source}$`);
const entityTagList = new RegExp(`^(?:${plain(entityTag)})(?:[ \\t]*,[ \\t]*(?:${plain(entityTag)}))*$`);

/**
 * Reads `If-Match` or `If-None-Match`.
 *
 * @returns undefined when the header is absent
 * @throws ValidationError when it is not a list of entity tags: a precondition must not be passed over
 */
export function entityTagsOf(
  req: Pick<IncomingMessage, 'headers'>,
  header: 'If-Match' | 'If-None-Match',
): EntityTags | undefined {
  const text = req.headers[header === 'If-Match' ? 'if-match' : 'if-none-match']?.trim();
  if (text === undefined) return undefined;
  if (text === '*') return '*';
  // Nearly always there is but one.
  const one = oneEntityTag.exec(text);
  if (one !== null) return [tagOf(one)];
  if (!entityTagList.test(text)) {
    const detail = 'must be * or a comma-separated list of quoted entity tags';
    throw new ValidationError([{ pointer: `#/header/${header}`, detail }]);
  }
  return Array.from(text.matchAll(new RegExp(entityTag, 'g')), tagOf);
}

function tagOf({ groups }: RegExpExecArray): EntityTag {
  return { value: groups?.['value'] ?? '', weak: groups?.['weak'] !== undefined };
}

/** The entity tag of a version: strong, because each version has exactly one representation. */
export function entityTagOf(version: number): string {
  return `"${version}"`;
}

/**
 * The versions that `If-Match` allows (strong comparison: a weak tag matches nothing).
 *
 * @returns undefined when any version will do
 */
export function versionsAllowedBy(ifMatch: EntityTags | undefined): readonly number[] | undefined {
  if (ifMatch === undefined || ifMatch === '*') return undefined;
  return ifMatch.filter(({ weak, value }) => !weak && /^[1-9]\d{0,14}$/.test(value)).map(({ value }) => Number(value));
}

/** Whether `If-None-Match` names this version (weak comparison), so that the answer is 304. */
export function isKnownToClient(ifNoneMatch: EntityTags | undefined, version: number): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch === '*' || ifNoneMatch.some(({ value }) => value === String(version));
}

function plain(pattern: RegExp): string {
  return pattern.source.replaceAll(/\?<\w+>/g, '?:');
}
