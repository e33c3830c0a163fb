import { connect, type Socket } from 'node:net';
import { MysqlLane } from './mysql-lane.ts';
import {
  capabilitiesOfGreeting,
  capabilitiesOfResponse,
  capability,
  commandIn,
  errorPacketBytes,
  has,
  marker,
  type MysqlPacket,
  preparedStatementIn,
  queryPacketBytes,
  type RawCommand,
} from './mysql-packets.ts';

/** A command as it comes from the client. */
export interface MysqlCommand {
  /** Which connection of the proxy, from 1 in the order of opening. */
  readonly connection: number;
  /** Which command of the connection, from 0. */
  readonly index: number;
  /** `close` is that of a prepared statement; `other` is a ping, a goodbye and the like. */
  readonly kind: RawCommand['kind'];
  /** For `execute` and `close` what was prepared under that id; empty for `other`. */
  readonly sql: string;
}

/**
 * What happens to a command:
 *
 * - `pass`: the server gets it, the client its answer.
 * - `cut-before`: the server does not get it; both sides are cut.
 * - `cut-after`: the server has carried it out, as its answer says; both sides are cut, the client without the answer.
 * - `stall`: it is held back, and so is what follows it on the connection, until `thaw()`.
 * - `stall-answer`: the server gets it; its answer is held back, and so is what follows it, until `thaw()`.
 * - `error`: the client gets this error of MySQL's, in the given words if there are any. The server does not get the command; after 1213, a deadlock, it has
 *   rolled the transaction back, as it does after a real one.
 *
 * Commands without an answer (`close`, goodbyes) pass instead of failing, and are cut once they were passed on.
 */
export type Fault =
  | 'pass'
  | 'cut-before'
  | 'cut-after'
  | 'stall'
  | 'stall-answer'
  | { readonly error: number; readonly message?: string };

/** How a cut looks: ECONNRESET, or an orderly end in the middle of nothing. */
export type Cut = 'reset' | 'end';

interface ConnectionOptions {
  readonly number: number;
  readonly server: { readonly host: string; readonly port: number };
  readonly judge: (command: MysqlCommand) => Fault;
  readonly cutWith: Cut;
}

const deadlock = 1213;
const unknownError = 1105;

/** The texts of those that clients may tell apart by their text. */
const messages = new Map([
  [deadlock, 'Deadlock found when trying to get lock; try restarting transaction'],
  [1205, 'Lock wait timeout exceeded; try restarting transaction'],
]);

/** A client's connection to the proxy, and the one to the server that belongs to it; see `MysqlFaultProxy`. */
export class MysqlFaultConnection {
  /** Resolves when both sides are closed. */
  readonly closed: Promise<void>;
  readonly #client: Socket;
  readonly #options: ConnectionOptions;
  readonly #toServer = new MysqlLane((packet) => this.#fromClient(packet));
  readonly #toClient = new MysqlLane((packet) => this.#fromServer(packet));
  #server: Socket | undefined;
  #settleClosed: () => void = () => {};

  #phase: 'greeting' | 'authentication' | 'commands' = 'greeting';
  /** Of the server at first, then those that the client takes of them. */
  #capabilities = 0;
  #commands = 0;
  readonly #statements = new Map<number, string>();
  #stalled: MysqlPacket | null = null;
  /** What to do with the packet that begins the next answer, instead of passing it on. */
  #onAnswer: ((answer: MysqlPacket) => void) | null = null;

  /** In a frozen proxy the server hears of the client when it thaws. */
  constructor(client: Socket, options: ConnectionOptions, frozen: boolean) {
    this.#client = client;
    this.#options = options;
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    this.#watch(client, this.#toServer);
    if (frozen) this.freeze();
    else this.#connect();
  }

  /** Whether the client holds it. */
  get open(): boolean {
    return !this.#client.destroyed;
  }

  freeze(): void {
    this.#toServer.hold();
    this.#toClient.hold();
  }

  thaw(): void {
    if (this.#server === undefined && this.open) this.#connect();
    const stalled = this.#stalled;
    this.#stalled = null;
    if (stalled !== null) send(this.#server, stalled.bytes);
    this.#toServer.release();
    this.#toClient.release();
  }

  cut(): void {
    for (const lane of [this.#toServer, this.#toClient]) lane.abandon();
    for (const socket of [this.#client, this.#server]) {
      if (this.#options.cutWith === 'reset') socket?.resetAndDestroy();
      else socket?.destroy();
    }
  }

  #connect(): void {
    this.#server = connect({ ...this.#options.server, noDelay: true });
    this.#watch(this.#server, this.#toClient);
  }

  #watch(socket: Socket, lane: MysqlLane): void {
    socket
      .on('data', (chunk: Buffer) => lane.push(chunk))
      .on('end', () => lane.end())
      // The close that follows says all.
      .on('error', () => {})
      .on('close', () => {
        lane.end();
        if (this.#client.closed && this.#server?.closed !== false) this.#settleClosed();
      });
  }

  #fromServer(packet: MysqlPacket | 'end'): void {
    if (packet === 'end') {
      this.#client.end();
      return;
    }
    const first = packet.payload[0];
    const onAnswer = this.#onAnswer;
    if (this.#phase === 'greeting' && first !== marker.error) this.#capabilities = capabilitiesOfGreeting(packet);
    if (this.#phase === 'authentication' && first === marker.ok) this.#phase = 'commands';
    if (onAnswer === null) {
      send(this.#client, packet.bytes);
    } else {
      this.#onAnswer = null;
      onAnswer(packet);
    }
  }

  #fromClient(packet: MysqlPacket | 'end'): void {
    if (packet === 'end') {
      this.#server?.end();
    } else if (this.#phase === 'greeting') {
      this.#phase = 'authentication';
      this.#capabilities &= capabilitiesOfResponse(packet);
      if (has(this.#capabilities, capability.ssl | capability.compress)) this.#refuse(packet);
      else send(this.#server, packet.bytes);
    } else if (this.#phase === 'authentication' || packet.sequence !== 0) {
      // A packet that begins no command belongs to the one before, such as the file of LOAD DATA LOCAL.
      send(this.#server, packet.bytes);
    } else {
      this.#command(packet);
    }
  }

  #refuse(packet: MysqlPacket): void {
    const message = 'The fault proxy speaks neither TLS nor compression.';
    this.#toClient.abandon();
    this.#client.end(errorPacketBytes({ code: unknownError, sqlState: '08004', message }, packet.nextSequence));
    this.#server?.destroy();
  }

  #command(packet: MysqlPacket): void {
    const raw = commandIn(packet, this.#capabilities);
    const sql = this.#sqlOf(raw);
    const { number: connection, judge } = this.#options;
    const fault = judge({ connection, index: this.#commands, kind: raw.kind, sql });
    this.#commands += 1;
    if (raw.kind === 'close') this.#statements.delete(raw.statement);

    if (fault === 'cut-before') {
      this.cut();
    } else if (fault === 'stall') {
      if (raw.kind === 'prepare') this.#learnStatement(sql);
      this.#stalled = packet;
      this.#toServer.hold();
    } else if (typeof fault === 'object' && raw.answered) {
      this.#fail(packet, fault.error, fault.message);
    } else {
      if (raw.kind === 'prepare') this.#learnStatement(sql);
      if (fault === 'stall-answer') this.#toClient.hold();
      if (fault === 'cut-after' && raw.answered) this.#onAnswer = () => this.cut();
      send(this.#server, packet.bytes);
      if (fault === 'cut-after' && !raw.answered) this.cut();
    }
  }

  #sqlOf(command: RawCommand): string {
    if ('sql' in command) return command.sql;
    return 'statement' in command ? (this.#statements.get(command.statement) ?? '') : '';
  }

  #learnStatement(sql: string): void {
    this.#onAnswer = (answer) => {
      const statement = preparedStatementIn(answer);
      if (statement !== null) this.#statements.set(statement, sql);
      send(this.#client, answer.bytes);
    };
  }

  #fail({ nextSequence }: MysqlPacket, code: number, words: string | undefined): void {
    const sqlState = code === deadlock ? '40001' : 'HY000';
    const message = words ?? messages.get(code) ?? 'An error of the fault proxy';
    const answer = errorPacketBytes({ code, sqlState, message }, nextSequence);
    if (code === deadlock) {
      this.#onAnswer = () => send(this.#client, answer);
      send(this.#server, queryPacketBytes('ROLLBACK', this.#capabilities));
    } else {
      send(this.#client, answer);
    }
  }
}

function send(socket: Socket | undefined, bytes: Buffer): void {
  if (socket?.writable === true) socket.write(bytes);
}
