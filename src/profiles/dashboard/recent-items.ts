/** One row of numbers for all that comes, of whatever kind, so that one number says what somebody has seen already. */
export class Sequence {
  readonly #first: number;
  #last: number;

  /** @param first what no other process begins near */
  constructor(first: number) {
    this.#first = first;
    this.#last = first;
  }

  next(): number {
    this.#last += 1;
    return this.#last;
  }

  /** Whether it has been given away here, not by another process. */
  has(number: number): boolean {
    return number > this.#first && number <= this.#last;
  }
}

/** The last of something, with when it came in the sequence of everything. */
export class RecentItems<Item> {
  readonly #itemsMax: number;
  readonly #sequence: Sequence;
  readonly #items: { readonly number: number; readonly item: Item }[] = [];

  constructor(itemsMax: number, sequence: Sequence) {
    this.#itemsMax = itemsMax;
    this.#sequence = sequence;
  }

  add(item: Item): void {
    this.#items.push({ number: this.#sequence.next(), item });
    if (this.#items.length > this.#itemsMax) this.#items.shift();
  }

  /** What has come since, oldest first; all that is left when `number` was not given away here. */
  since(number: number): readonly Item[] {
    const isKnown = this.#sequence.has(number);
    return this.#items.flatMap((each) => (isKnown && each.number <= number ? [] : [each.item]));
  }
}
