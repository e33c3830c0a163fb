import { describe, expect, it } from '@jest/globals';
import { parseCsv } from '../../../examples/csv.ts';

describe('The CSV of an import', () => {
  it.each([
    [
      'plain fields',
      'id,name\n1,Ada\n2,Grace\n',
      [
        { id: '1', name: 'Ada' },
        { id: '2', name: 'Grace' },
      ],
    ],
    ['no line end at the end', 'id,name\n1,Ada', [{ id: '1', name: 'Ada' }]],
    ['line ends of Windows', 'id,name\r\n1,Ada\r\n', [{ id: '1', name: 'Ada' }]],
    ['the mark that Excel begins with', '\uFEFFid,name\n1,Ada\n', [{ id: '1', name: 'Ada' }]],
    ['a comma in quotes', 'id,name\n1,"Smith, Jr."\n', [{ id: '1', name: 'Smith, Jr.' }]],
    ['quotes in quotes', 'id,name\n1,"Ada ""Countess"""\n', [{ id: '1', name: 'Ada "Countess"' }]],
    ['a line end in quotes', 'id,name\n1,"Ada\nKing"\n', [{ id: '1', name: 'Ada\nKing' }]],
    ['empty fields', 'id,name,phone\n1,,\n', [{ id: '1', name: '', phone: '' }]],
    ['an empty field at its end', 'id,name\n1,', [{ id: '1', name: '' }]],
    ['nothing but names', 'id,name\n', []],
    ['nothing', '', []],
  ])('with %s is read', (_what, text, records) => {
    expect(parseCsv(text)).toEqual(records);
  });

  it.each([
    ['a quote that is not closed', 'id,name\n1,"Ada\n', 'Record 1 is malformed at character 10.'],
    ['a quote within a field', 'id,name\n1,A"da\n', 'Record 1 is malformed at character 10.'],
    ['a field too few', 'id,name\n1\n', 'Record 1 has 1 fields.'],
    ['a field too many', 'id,name\n1,Ada,x\n', 'Record 1 has 3 fields.'],
  ])('with %s is refused', (_what, text, message) => {
    expect(() => parseCsv(text)).toThrow(message);
  });
});
