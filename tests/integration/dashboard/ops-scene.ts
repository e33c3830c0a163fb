import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';

/** One event of a stream, parsed. */
export interface ReceivedEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: Record<string, unknown> & { readonly id?: number };
}

/** Listens to a stream of server-sent events over a connection of its own. */
export class Listening {
  readonly response: IncomingMessage;
  readonly events: ReceivedEvent[] = [];
  /** What came that was no event. */
  readonly comments: string[] = [];
  /** Whether the other side has ended the answer, rather than cut it. */
  hasEnded = false;
  /** Of a block that has not come to its end. */
  #pieces: string[] = [];

  private constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.#read(text));
    response.on('end', () => (this.hasEnded = true));
    response.on('error', () => {});
  }

  static async to(url: string, headers: Record<string, string> = {}): Promise<Listening> {
    return new Listening(await answerOf(url, headers));
  }

  get last(): ReceivedEvent {
    const event = this.events.at(-1);
    if (event === undefined) throw new Error('Nothing has come yet.');
    return event;
  }

  leave(): void {
    this.response.destroy();
  }

  #read(text: string): void {
    this.#pieces.push(text);
    // Put together for each piece, a long one would be copied again and again.
    if (!text.endsWith('\n') && !text.includes('\n\n')) return;
    const blocks = this.#pieces.join('').split('\n\n');
    this.#pieces = [blocks.pop() ?? ''];
    for (const block of blocks) {
      if (block.startsWith(':')) this.comments.push(block);
      else this.events.push(eventOf(block));
    }
  }
}

/** The answer to a GET, whose body nobody reads yet. */
export async function answerOf(url: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const asked = request(url, { headers, agent: false }).end();
  // Whoever leaves early cuts the connection.
  asked.on('error', () => {});
  const [response] = await once(asked, 'response');
  return response;
}

function eventOf(block: string): ReceivedEvent {
  const fields = new Map(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
  );
  return { id: fields.get('id'), event: fields.get('event'), data: JSON.parse(fields.get('data') ?? 'null') };
}
