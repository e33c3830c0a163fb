import { allowedNames } from './log-fields.ts';

/** Text and numbers of the program's own making, by the names that were told ahead. What is undefined is left out. */
export type PreparedFields<Name extends string> = Readonly<Partial<Record<Name, string | number | undefined>>>;

/** The text of one kind of line, as pino writes it, of which only the values differ. */
export type PreparedLine<Name extends string> = (fields: PreparedFields<Name>) => string;

/** @throws Error when a name is none that a line may have */
export function prepareLine<Name extends string>(line: {
  readonly level: string;
  readonly service: string;
  readonly worker?: number | undefined;
  readonly message: string;
  readonly names: readonly Name[];
}): PreparedLine<Name> {
  const unknown = line.names.filter((name) => !allowedNames.has(name));
  if (unknown.length > 0) throw new Error(`No line of the log may have ${unknown.join(', ')}.`);
  const head = `{"level":${JSON.stringify(line.level)},"time":"`;
  const { service, worker } = line;
  const afterTime = `",${JSON.stringify({ service, worker }).slice(1, -1)}`;
  const end = `,"msg":${JSON.stringify(line.message)}}\n`;
  const parts = line.names.map((name) => ({ name, member: memberOf(name) }));

  return (fields) => {
    let text = head + timeOfDay() + afterTime;
    for (const { name, member } of parts) {
      const value: string | number | undefined = fields[name];
      if (value !== undefined) text += member(value);
    }
    return text + end;
  };
}

/** Makes the text of a member. Most are the same from line to line, such as the method, and made once then. */
function memberOf(name: string): (value: string | number) => string {
  const key = `,${JSON.stringify(name)}:`;
  let lastValue: string | number = '';
  let lastText = `${key}""`;
  return (value) => {
    if (value !== lastValue) {
      lastValue = value;
      lastText = key + jsonOf(value);
    }
    return lastText;
  };
}

let lastMs = 0;
let lastTime = '';

/** Put together once in a millisecond. */
function timeOfDay(): string {
  const nowMs = Date.now();
  if (nowMs !== lastMs) {
    lastMs = nowMs;
    lastTime = new Date(nowMs).toISOString();
  }
  return lastTime;
}

/** What JSON writes as it is: ASCII without quotes, backslashes and control characters. */
const plain = /^[ !#-[\]-~]*$/;

function jsonOf(value: string | number): string {
  if (typeof value === 'string') return plain.test(value) ? `"${value}"` : JSON.stringify(value);
  return Number.isFinite(value) ? String(value) : 'null';
}
