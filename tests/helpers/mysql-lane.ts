import { type MysqlPacket, PacketSplitter } from './mysql-packets.ts';

/** One direction of a connection: what goes in comes out in the same order, at once or when nothing holds it back any more. */
export class MysqlLane {
  readonly #splitter = new PacketSplitter();
  readonly #deliver: (packet: MysqlPacket | 'end') => void;
  #queue: (MysqlPacket | 'end')[] = [];
  #held = false;
  #ended = false;

  constructor(deliver: (packet: MysqlPacket | 'end') => void) {
    this.#deliver = deliver;
  }

  push(chunk: Buffer): void {
    if (this.#ended) return;
    this.#queue.push(...this.#splitter.push(chunk));
    this.#pump();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#queue.push('end');
    this.#pump();
  }

  /** Loses what is on the way, and what still comes. */
  abandon(): void {
    this.#ended = true;
    this.#queue = [];
  }

  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#pump();
  }

  #pump(): void {
    while (!this.#held) {
      const packet = this.#queue.shift();
      if (packet === undefined) return;
      this.#deliver(packet);
    }
  }
}
