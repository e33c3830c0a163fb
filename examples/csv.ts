/**
 * The records of a CSV (RFC 4180), each by the names in the first line. Quoted fields may hold commas, quotes and line
 * ends.
 *
 * @throws SyntaxError when a record has more or fewer fields than there are names, or a quote is not closed
 */
export function parseCsv(text: string): Record<string, string>[] {
  // Some programs, Excel among them, begin a file in UTF-8 with a byte order mark.
  const [names = [], ...records] = fieldsOf(text.replace(/^\uFEFF/, ''));
  return records.map((fields, index) => {
    if (fields.length !== names.length) throw new SyntaxError(`Record ${index + 1} has ${fields.length} fields.`);
    return Object.fromEntries(names.map((name, column) => [name, fields[column] ?? '']));
  });
}

function fieldsOf(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  while (field.lastIndex < text.length) {
    const at = field.lastIndex;
    const match = field.exec(text);
    if (match === null) throw new SyntaxError(`Record ${records.length} is malformed at character ${at}.`);
    const [, quoted, plain = '', end] = match;
    record.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === ',') {
      // The last field of a file may be empty.
      if (field.lastIndex === text.length) record.push('');
      else continue;
    }
    records.push(record);
    record = [];
  }
  return records;
}
