import { createHash } from 'node:crypto';

/** What tells a repeated request from another one. */
export interface IdempotencyClaim {
  /** Hex SHA-256 of who asks, where, and the key. */
  readonly id: string;
  /** Hex SHA-256 of what is asked for. */
  readonly fingerprint: string;
}

/**
 * @param request.principal the scope of keys: two principals may use the same
 * @param request.route the template, not the path: `parameters` has what fills it
 * @param request.body as it was parsed, so that spacing and the order of members make no difference
 */
export function claimFor(request: {
  principal: string;
  method: string;
  route: string;
  key: string;
  parameters: unknown;
  body: unknown;
  ifMatch: string | undefined;
}): IdempotencyClaim {
  const { principal, method, route, key, parameters, body, ifMatch } = request;
  return {
    id: sha256([principal, method, route, key]),
    fingerprint: sha256([method, route, parameters, ifMatch, body]),
  };
}

function sha256(parts: readonly unknown[]): string {
  return createHash('sha256').update(canonicalJson(parts)).digest('hex');
}

/** Something to be written: text as it is, or a value in its JSON form. */
type Piece = { readonly text: string } | { readonly value: unknown };

/**
 * JSON with the members of objects in the order of their names' code units (RFC 8785), and with texts of their own for
 * what JSON would make null: undefined, and numbers beyond a double.
 *
 * Not recursive: a body of 100 KiB can be nested deeper than the stack.
 */
function canonicalJson(root: unknown): string {
  let written = '';
  const pending: Piece[] = [{ value: root }];
  for (let piece = pending.pop(); piece !== undefined; piece = pending.pop()) {
    if ('text' in piece) {
      written += piece.text;
    } else if (typeof piece.value === 'object' && piece.value !== null) {
      for (const inner of piecesOf(piece.value).toReversed()) pending.push(inner);
    } else {
      written += scalarText(piece.value);
    }
  }
  return written;
}

function piecesOf(container: object): Piece[] {
  if (Array.isArray(container)) {
    const elements = container.flatMap((value: unknown, index) => [{ text: index === 0 ? '' : ',' }, { value }]);
    return [{ text: '[' }, ...elements, { text: ']' }];
  }
  // Entries, not lookups by name, so that a member called `__proto__` is a member like any other.
  const members = Object.entries(container)
    .filter(([, value]) => value !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, value], index) => [{ text: `${index === 0 ? '' : ','}${JSON.stringify(name)}:` }, { value }]);
  return [{ text: '{' }, ...members, { text: '}' }];
}

function scalarText(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number') return Number.isFinite(value) ? JSON.stringify(value) : String(value);
  throw new TypeError(`A ${typeof value} has no JSON form.`);
}
