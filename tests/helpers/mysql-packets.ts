/** A packet of the MySQL protocol: one frame, or several when it has 16 MiB or more. */
export interface MysqlPacket {
  /** Its frames as they were sent, headers included. */
  readonly bytes: Buffer;
  /** What the frames carry, joined. */
  readonly payload: Buffer;
  /** The sequence id of its first frame; 0 begins a command. */
  readonly sequence: number;
  /** The sequence id with which an answer to it begins. */
  readonly nextSequence: number;
}

const headerBytes = 4;
/** A frame of this length says that the packet goes on in the next one, which may be empty. */
const fullFrameBytes = 0xffffff;

/** Cuts a stream of bytes, which arrives in chunks of any size, into packets. */
export class PacketSplitter {
  #chunks: Buffer[] = [];
  #bufferedBytes = 0;
  /** How much must have arrived before it is worth looking again. */
  #neededBytes = headerBytes;
  /** Of the packet that is not complete yet. */
  #frames: Buffer[] = [];

  /** @returns the packets that are complete with this chunk */
  push(chunk: Buffer): readonly MysqlPacket[] {
    this.#chunks.push(chunk);
    this.#bufferedBytes += chunk.length;
    if (this.#bufferedBytes < this.#neededBytes) return [];

    const buffered = Buffer.concat(this.#chunks);
    const packets: MysqlPacket[] = [];
    let start = 0;
    for (;;) {
      const left = buffered.length - start;
      this.#neededBytes = headerBytes + (left < headerBytes ? 0 : buffered.readUIntLE(start, 3));
      if (left < this.#neededBytes) break;
      this.#frames.push(buffered.subarray(start, start + this.#neededBytes));
      start += this.#neededBytes;
      if (this.#neededBytes < headerBytes + fullFrameBytes) {
        packets.push(packetOf(this.#frames));
        this.#frames = [];
      }
    }
    this.#chunks = [buffered.subarray(start)];
    this.#bufferedBytes = buffered.length - start;
    return packets;
  }
}

function packetOf(frames: readonly Buffer[]): MysqlPacket {
  const sequence = frames[0]?.readUInt8(3) ?? 0;
  return {
    bytes: Buffer.concat(frames),
    payload: Buffer.concat(frames.map((frame) => frame.subarray(headerBytes))),
    sequence,
    nextSequence: (sequence + frames.length) % 256,
  };
}

/** A packet with this payload, in as many frames as it needs. */
export function packetBytes(payload: Buffer, sequence: number): Buffer {
  const parts: Buffer[] = [];
  for (let start = 0, id = sequence; start <= payload.length; start += fullFrameBytes, id += 1) {
    const part = payload.subarray(start, start + fullFrameBytes);
    const header = Buffer.alloc(headerBytes);
    header.writeUIntLE(part.length, 0, 3);
    header.writeUInt8(id % 256, 3);
    parts.push(header, part);
  }
  return Buffer.concat(parts);
}

/** An answer that says that the command failed. */
export function errorPacketBytes(
  error: { readonly code: number; readonly sqlState: string; readonly message: string },
  sequence: number,
): Buffer {
  const code = Buffer.alloc(2);
  code.writeUInt16LE(error.code);
  const text = Buffer.from(`#${error.sqlState}${error.message}`);
  return packetBytes(Buffer.concat([Buffer.of(marker.error), code, text]), sequence);
}

/** The first byte of an answer. */
export const marker = { ok: 0x00, error: 0xff } as const;

/** What the two sides have agreed on, as bits. */
export const capability = { compress: 0x20, ssl: 0x800, queryAttributes: 0x8000000 } as const;

/** The capabilities that a server offers in its greeting. */
export function capabilitiesOfGreeting({ payload }: MysqlPacket): number {
  // After the protocol's version, the server's ends with a zero; then come the thread id and 8 bytes of salt and a zero.
  const lower = payload.indexOf(0, 1) + 1 + 4 + 8 + 1;
  // Between the halves are the charset and the status.
  const upper = lower + 2 + 1 + 2;
  return payload.readUInt16LE(lower) + payload.readUInt16LE(upper) * 0x10000;
}

/** The capabilities that a client takes in its answer to the greeting. */
export function capabilitiesOfResponse({ payload }: MysqlPacket): number {
  return payload.readUInt32LE(0);
}

/** A command, as far as it can be read without knowing what was prepared. */
export type RawCommand =
  | { readonly kind: 'query' | 'prepare'; readonly sql: string; readonly answered: true }
  | { readonly kind: 'execute' | 'close'; readonly statement: number; readonly answered: boolean }
  | { readonly kind: 'other'; readonly answered: boolean };

const code = { quit: 0x01, query: 0x03, prepare: 0x16, execute: 0x17, longData: 0x18, close: 0x19 } as const;

/** @param capabilities what both sides have agreed on */
export function commandIn({ payload }: MysqlPacket, capabilities: number): RawCommand {
  const command = payload.readUInt8(0);
  const body = payload.subarray(1);
  switch (command) {
    case code.query:
      return { kind: 'query', sql: textOfQuery(body, capabilities), answered: true };
    case code.prepare:
      return { kind: 'prepare', sql: body.toString(), answered: true };
    case code.execute:
      return { kind: 'execute', statement: body.readUInt32LE(0), answered: true };
    case code.close:
      return { kind: 'close', statement: body.readUInt32LE(0), answered: false };
    default:
      return { kind: 'other', answered: command !== code.quit && command !== code.longData };
  }
}

/** The number of attributes of a query and that of the sets of them, which is always 1: what stands before a text without any. */
const noAttributes = Buffer.of(0, 1);

/** Attributes, which nothing here sends, are left in front of the text. */
function textOfQuery(body: Buffer, capabilities: number): string {
  const prefixed = has(capabilities, capability.queryAttributes) && body.subarray(0, 2).equals(noAttributes);
  return body.subarray(prefixed ? 2 : 0).toString();
}

/** COM_QUERY. */
export function queryPacketBytes(sql: string, capabilities: number): Buffer {
  const attributes = has(capabilities, capability.queryAttributes) ? noAttributes : Buffer.alloc(0);
  return packetBytes(Buffer.concat([Buffer.of(code.query), attributes, Buffer.from(sql)]), 0);
}

/** The id of the statement that was prepared, or null when it could not be. */
export function preparedStatementIn({ payload }: MysqlPacket): number | null {
  return payload[0] === marker.ok ? payload.readUInt32LE(1) : null;
}

/** Whether one of `bits` is among `capabilities`. */
export function has(capabilities: number, bits: number): boolean {
  return (capabilities & bits) !== 0;
}
