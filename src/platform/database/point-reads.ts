/** Reads by key, each of which may share a question to the database with others. */
export interface PointReads<T> {
  /** What there is under `key`, null when there is nothing. @throws what the question that it was part of throws */
  find(key: string): Promise<T | null>;
}

/** Asks for what there is under `keys`, of which some may be named twice. */
type FetchByKeys<T> = (keys: readonly string[]) => Promise<ReadonlyMap<string, T>>;

/**
 * Reads that are asked for in one turn of the event loop become one question, with each key once. A read never joins a
 * question that has been sent already, so it sees whatever was committed before it was asked for.
 *
 * A question fails those who asked for its keys, and nobody else. In traces it belongs to the first of them.
 *
 * @param options.fetch is given 1, 2, 4, … `batchMax` keys, and no numbers in between, so that few texts of statements
 *   are enough; the last key is repeated to get there
 * @param options.batchMax keys in one question at most, a power of two
 */
export function createPointReads<T>(options: { fetch: FetchByKeys<T>; batchMax: number }): PointReads<T> {
  const { fetch, batchMax } = options;
  let batch = new Map<string, PromiseWithResolvers<T | null>>();

  function begin(): void {
    const started = new Map<string, PromiseWithResolvers<T | null>>();
    batch = started;
    setImmediate(() => {
      if (batch === started) batch = new Map();
      void send(started);
    });
  }

  /** Never rejects. */
  async function send(started: ReadonlyMap<string, PromiseWithResolvers<T | null>>): Promise<void> {
    try {
      const found = await fetch(padded([...started.keys()]));
      for (const [key, { resolve }] of started) resolve(found.get(key) ?? null);
    } catch (error) {
      for (const { reject } of started.values()) reject(error);
    }
  }

  return {
    find: (key) => {
      const asked = batch.get(key);
      if (asked !== undefined) return asked.promise;
      if (batch.size === 0 || batch.size === batchMax) begin();
      const read = Promise.withResolvers<T | null>();
      batch.set(key, read);
      return read.promise;
    },
  };
}

/** `keys`, made a power of two in number. */
function padded(keys: string[]): string[] {
  const size = 2 ** Math.ceil(Math.log2(keys.length));
  return keys.concat(keys.slice(-1).flatMap((last) => Array.from({ length: size - keys.length }, () => last)));
}
