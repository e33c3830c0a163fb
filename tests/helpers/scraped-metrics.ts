/** A metric as `/metrics` shows it. */
interface Family {
  readonly type: string;
  readonly samples: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

/** One answer of `/metrics`, read as Prometheus would. */
export class ScrapedMetrics {
  readonly families: ReadonlyMap<string, Family>;

  /** @throws Error at a line that is not of the text format */
  constructor(text: string) {
    const families = new Map<string, Family>();
    let current: Family | undefined;
    for (const line of text.split('\n').filter((each) => each !== '' && !each.startsWith('# HELP '))) {
      const [, name, type] = /^# TYPE (\w+) (\w+)$/.exec(line) ?? [];
      if (name !== undefined && type !== undefined) {
        current = { type, samples: [] };
        families.set(name, current);
      } else {
        current?.samples.push(parseSample(line));
      }
    }
    this.families = families;
  }

  /** The sum over all series of this name that have these labels. @throws Error when there is none */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const samples = this.#samples(name).filter((sample) =>
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
    if (samples.length === 0) throw new Error(`There is no series ${name}${JSON.stringify(labels)}.`);
    return samples.reduce((sum, { value }) => sum + value, 0);
  }

  /** The value of each series that is not 0, by the values of its labels. */
  values(name: string): Record<string, number> {
    const entries = this.#samples(name).map(({ labels, value }) => [Object.values(labels).join(' '), value] as const);
    return Object.fromEntries(entries.filter(([, value]) => value !== 0));
  }

  /** Every series, as name and labels. */
  get series(): string[] {
    return [...this.families.values()].flatMap(({ samples }) =>
      samples.map(({ name, labels }) => `${name}${JSON.stringify(labels)}`),
    );
  }

  #samples(name: string): Family['samples'] {
    const family = this.families.get(name) ?? this.families.get(name.replace(/_(?:bucket|sum|count)$/, ''));
    return family?.samples.filter((sample) => sample.name === name) ?? [];
  }
}

export async function scrape(url: string): Promise<ScrapedMetrics> {
  const answer = await fetch(`${url}/metrics`);
  if (answer.status !== 200) throw new Error(`/metrics answers ${answer.status}: ${await answer.text()}`);
  return new ScrapedMetrics(await answer.text());
}

function parseSample(line: string): Family['samples'][number] {
  const [, name, list = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`This is no sample: ${line}`);
  const labels = [...list.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', text = '']) => [label, text]);
  return { name, labels: Object.fromEntries(labels), value: Number(value) };
}
