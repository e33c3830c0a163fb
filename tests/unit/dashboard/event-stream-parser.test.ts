import { describe, expect, it } from '@jest/globals';
import { createEventStreamParser } from '../../../src/profiles/dashboard/page/event-stream-parser.js';

function parse(...chunks: string[]) {
  const events: { type: string; data: string }[] = [];
  const take = createEventStreamParser((event) => events.push(event));
  for (const chunk of chunks) take(chunk);
  return events;
}

describe('the parser of the page’s event stream', () => {
  it('reads type and data of an event', () => {
    expect(parse('id: 7\nevent: snapshot\ndata: {"id":7}\n\n')).toEqual([{ type: 'snapshot', data: '{"id":7}' }]);
  });

  it('reads the same events wherever the stream is cut, and whatever ends its lines', () => {
    for (const lineEnd of ['\n', '\r\n']) {
      const text = `event: snapshot${lineEnd}data: a${lineEnd}data: b${lineEnd}${lineEnd}data:c${lineEnd}${lineEnd}`;
      for (let cut = 0; cut <= text.length; cut += 1) {
        expect(parse(text.slice(0, cut), text.slice(cut))).toEqual([
          { type: 'snapshot', data: 'a\nb' },
          { type: 'message', data: 'c' },
        ]);
      }
    }
  });

  it('passes over heartbeats, unknown fields and events without data', () => {
    expect(parse(': heartbeat\n\nretry: 100\n\nevent: end\n\ndata: x\n\n')).toEqual([{ type: 'message', data: 'x' }]);
  });

  it('keeps an event back until its blank line has come', () => {
    expect(parse('event: end\ndata: {}\n')).toEqual([]);
  });
});
