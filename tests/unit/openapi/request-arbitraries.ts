import fc from 'fast-check';

/** Characters that lengths are counted in differently, that are trimmed, or that no engine can store. */
const characters = ['a', 'é', '例', '😀', ' ', '\n', '\ufeff', '\0', '\ud800', '@', '.', '%'];

/** Text as long as a bound, one less, one more, and the like. */
function textAround(...bounds: readonly number[]): fc.Arbitrary<string> {
  const lengths = [0, 1, 2, ...bounds.flatMap((bound) => [bound - 1, bound, bound + 1])];
  const repeated = fc
    .tuple(fc.constantFrom(...characters), fc.constantFrom(...lengths))
    .map(([character, length]) => character.repeat(length));
  const space = fc.constantFrom('', '', ' ', '\t\n', '\u00a0', ' '.repeat(300));
  return fc.oneof(
    fc.tuple(space, repeated, space).map((parts) => parts.join('')),
    fc.string({ unit: fc.constantFrom(...characters), maxLength: 12 }),
    fc.string({ unit: 'binary', maxLength: 12 }),
  );
}

const anything = fc.oneof(fc.constantFrom(null, 0, 1.5, true, '', [], {}, ['a'], { a: 1 }), fc.jsonValue());

const name = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('Ada', ' Ada Lovelace ', '例え', '👩🏽‍🚀') },
  textAround(255),
);

const emailOfLength = (length: number) =>
  `a@${`${'b'.repeat(50)}.`.repeat(6)}`.slice(0, length - 3).replace(/\.$/, 'b') + '.de';
const email = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom('ada@example.com', 'Ada+x@Example.COM', 'жу@пример.рф', 'a@例え。jp', 'a\u3000b@c.de'),
  },
  fc.emailAddress(),
  fc.constantFrom(...[200, 253, 254, 255, 256].map(emailOfLength)),
  fc.constantFrom(
    'a@b',
    '@b.de',
    'a@',
    'a b@c.de',
    'a@b@c.de',
    'a..b@c.de',
    'a@-b.de',
    'a\0@b.de',
    'a<\u0338b@c.de',
    '"a b"@c.de',
  ),
  fc.tuple(textAround(), textAround()).map(([local, domain]) => `${local}@${domain}.de`),
  textAround(254),
);

const phone = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('+44 20 7946 0958', '0049-30-1234567', 'tel:+49-30-1234567', null) },
  fc.constantFrom(
    '030 1234567',
    '+49 30 1234567 ext. 5',
    '+1',
    `+49 30 1234567${' '.repeat(36)}`,
    `+49 30 1234567${' '.repeat(37)}`,
  ),
  fc.string({ unit: fc.constantFrom(...'+0123456789 -'), maxLength: 52 }),
  textAround(50),
);

const displayName = fc.oneof({ weight: 8, arbitrary: fc.constantFrom('Ada', null) }, textAround(255));

const nested = (depth: number): unknown => (depth === 0 ? {} : { a: nested(depth - 1) });
const metadata = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom({}, { plan: 'pro', tags: [1, null] }) },
  fc.constantFrom(
    nested(4),
    nested(5),
    { a: 'x'.repeat(16_376) },
    { a: 'x'.repeat(16_377) },
    { '\0': 1 },
    { a: '\ud800' },
    [],
  ),
  fc.dictionary(textAround(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }),
);

/** What a client may choose as an id, and what it may not. */
export const ids: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom('ada-lovelace', 'A_z.~-9', '.', '..', '...', '.a', 'a b', 'a/b', 'a\n', 'é'),
  fc.constantFrom(0, 1, 63, 64, 65).map((length) => 'x'.repeat(length)),
  fc.string({ unit: fc.constantFrom(...'az.~-_%'), maxLength: 5 }),
  textAround(64),
);

/** A field is mostly what it should be, or next to it. */
const field = (arbitrary: fc.Arbitrary<unknown>) => fc.oneof({ weight: 24, arbitrary }, anything);

const fields = {
  id: field(ids),
  name: field(name),
  email: field(email),
  phone: field(phone),
  displayName: field(displayName),
  metadata: field(metadata),
};

/** Bodies of POST, PUT and PATCH as they come out of JSON: with fields missing, too many, too long, of another type. */
export const bodies: fc.Arbitrary<unknown> = fc
  .oneof(
    { weight: 4, arbitrary: fc.record(fields, { requiredKeys: ['name', 'email'] }) },
    { weight: 4, arbitrary: fc.record({ ...fields, id: fc.constant(undefined) }, { requiredKeys: [] }) },
    fc
      .tuple(fc.record(fields, { requiredKeys: [] }), fc.constantFrom('role', 'version', '', '__proto__', 'toString'))
      .map(([body, extra]) => Object.fromEntries([...Object.entries(body), [extra, 1]])),
    anything,
  )
  .map((body) => JSON.parse(JSON.stringify(body)));

const encoded = (text: fc.Arbitrary<string>) => text.map((value) => encodeURIComponent(value.toWellFormed()));

const parameter = fc.oneof(
  fc.tuple(
    fc.constant('limit'),
    fc.constantFrom('1', '20', '100', '0', '101', '-1', '+1', '01', '1.0', '1e1', '0x1', ' 1', '', '9'.repeat(30)),
  ),
  fc.tuple(
    fc.constant('sort'),
    fc.constantFrom('createdAt', '-createdAt', 'name', '-name', 'email', '%2BcreatedAt', ''),
  ),
  fc.tuple(fc.constant('cursor'), encoded(fc.oneof(fc.constant('WyJ'), textAround(4096)))),
  fc.tuple(fc.constant('email'), encoded(fc.oneof(email, textAround(254)))),
  fc.tuple(fc.constant('q'), encoded(textAround(255))),
  fc.tuple(fc.constantFrom('offset', 'Limit', '__proto__', ''), fc.constant('1')),
);

/** Query strings of the list: each parameter within, at and beyond its bounds; unknown ones; the same twice. */
export const queries: fc.Arbitrary<string> = fc
  .array(parameter, { maxLength: 4 })
  .map((parameters) => parameters.map(([key, value]) => `${key}=${value}`).join('&'));
