import { randomInt } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import {
  capabilitiesOfGreeting,
  capability,
  commandIn,
  errorPacketBytes,
  type MysqlPacket,
  packetBytes,
  PacketSplitter,
  queryPacketBytes,
} from '../../helpers/mysql-packets.ts';

const fullFrameBytes = 0xffffff;

const packetOf = (bytes: Buffer): MysqlPacket => {
  const [packet, ...others] = new PacketSplitter().push(bytes);
  expect(others).toEqual([]);
  if (packet === undefined) throw new Error('It is not complete.');
  return packet;
};

const summary = ({ payload, sequence, nextSequence }: MysqlPacket) => [payload.toString(), sequence, nextSequence];

describe('PacketSplitter', () => {
  const bytes = Buffer.concat([
    packetBytes(Buffer.from('first'), 0),
    packetBytes(Buffer.alloc(0), 7),
    packetBytes(Buffer.from('x'.repeat(300)), 255),
  ]);
  const packets = [
    ['first', 0, 1],
    ['', 7, 8],
    ['x'.repeat(300), 255, 0],
  ];

  it('finds several packets in one chunk', () => {
    const found = new PacketSplitter().push(bytes);
    expect(found.map(summary)).toEqual(packets);
    expect(Buffer.concat(found.map((packet) => packet.bytes))).toEqual(bytes);
  });

  it('finds the same packets wherever the stream is divided in two', () => {
    for (let at = 0; at <= bytes.length; at += 1) {
      const splitter = new PacketSplitter();
      const found = [bytes.subarray(0, at), bytes.subarray(at)].flatMap((chunk) => splitter.push(chunk));
      expect({ at, packets: found.map(summary) }).toEqual({ at, packets });
    }
  });

  it('finds the same packets byte by byte, each as soon as its last byte is there', () => {
    const splitter = new PacketSplitter();
    const foundAt: number[] = [];
    for (const [index, byte] of bytes.entries()) {
      const found = splitter.push(Buffer.of(byte));
      if (found.length > 0) foundAt.push(index + 1);
    }
    expect(foundAt).toEqual([9, 13, 317]);
  });

  it('finds the same packets in chunks of random sizes', () => {
    const seed = randomInt(2 ** 31);
    let state = seed;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    for (let round = 0; round < 200; round += 1) {
      const payloads = Array.from({ length: 1 + random(20) }, () => Buffer.alloc(random(40), random(256)));
      const stream = Buffer.concat(payloads.map((payload, index) => packetBytes(payload, index)));
      const splitter = new PacketSplitter();
      const found: MysqlPacket[] = [];
      for (let start = 0; start < stream.length; ) {
        const size = random(60);
        found.push(...splitter.push(stream.subarray(start, start + size)));
        start += size;
      }
      expect({ seed, round, payloads: found.map(({ payload }) => payload.toString('hex')) }).toEqual({
        seed,
        round,
        payloads: payloads.map((payload) => payload.toString('hex')),
      });
    }
  });

  it.each([
    [fullFrameBytes - 1, 1],
    [fullFrameBytes, 2],
    [fullFrameBytes + 1, 2],
    [2 * fullFrameBytes, 3],
  ])('joins a payload of %i bytes from %i frames', (length, frames) => {
    const payload = Buffer.alloc(length, 'abcdefg');
    const stream = Buffer.concat([packetBytes(payload, 254), packetBytes(Buffer.from('next'), 0)]);
    expect(stream).toHaveLength(length + 4 * frames + 8);

    const splitter = new PacketSplitter();
    const found: MysqlPacket[] = [];
    for (let start = 0; start < stream.length; start += 65_536) {
      found.push(...splitter.push(stream.subarray(start, start + 65_536)));
    }
    expect(found.map(({ payload }) => payload.length)).toEqual([length, 4]);
    expect(found[0]?.payload.equals(payload)).toBe(true);
    expect(Buffer.concat(found.map(({ bytes }) => bytes)).equals(stream)).toBe(true);
    expect(found[0]).toMatchObject({ sequence: 254, nextSequence: (254 + frames) % 256 });
  });
});

describe('commandIn', () => {
  const command = (text: string, capabilities = 0) =>
    commandIn(packetOf(packetBytes(Buffer.from(text), 0)), capabilities);

  it('reads the text of a query, with and without the prefix of its attributes', () => {
    expect(command('\x03SELECT 1')).toEqual({ kind: 'query', sql: 'SELECT 1', answered: true });
    expect(command('\x03\0\x01SELECT 1', capability.queryAttributes)).toMatchObject({ sql: 'SELECT 1' });
    for (const capabilities of [0, capability.queryAttributes]) {
      const packet = packetOf(queryPacketBytes('ROLLBACK', capabilities));
      expect(commandIn(packet, capabilities)).toMatchObject({ kind: 'query', sql: 'ROLLBACK' });
    }
  });

  it('reads prepared statements, by their text and by their id', () => {
    expect(command('\x16SELECT ü')).toEqual({ kind: 'prepare', sql: 'SELECT ü', answered: true });
    expect(command('\x17\x01\x02\0\0\0\x01\0\0\0')).toEqual({ kind: 'execute', statement: 0x201, answered: true });
    expect(command('\x19\x01\x02\0\0')).toEqual({ kind: 'close', statement: 0x201, answered: false });
  });

  it('knows which other commands the server answers', () => {
    expect(command('\x0e')).toEqual({ kind: 'other', answered: true });
    expect(command('\x01')).toEqual({ kind: 'other', answered: false });
    expect(command('\x18\x01\0\0\0\0\0data')).toEqual({ kind: 'other', answered: false });
  });
});

describe('errorPacketBytes', () => {
  it('gives the code, the SQLSTATE and the text under the sequence id', () => {
    const bytes = errorPacketBytes({ code: 1213, sqlState: '40001', message: 'Deadlock' }, 3);
    expect(bytes).toEqual(Buffer.from('\x11\0\0\x03\xff\xbd\x04#40001Deadlock', 'latin1'));
  });
});

describe('capabilitiesOfGreeting', () => {
  it('joins both halves', () => {
    const greeting = ['\x0a9.7.4\0', '\x01\0\0\0', 'saltsalt\0', '\x20\x08', '\xff', '\x02\0', '\0\x08'].join('');
    expect(capabilitiesOfGreeting(packetOf(packetBytes(Buffer.from(greeting, 'latin1'), 0)))).toBe(
      capability.compress | capability.ssl | capability.queryAttributes,
    );
  });
});
