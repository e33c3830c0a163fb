/**
 * @typedef {object} StreamEvent
 * @property {string} type `message`, when the stream does not say
 * @property {string} data
 */

/**
 * Takes apart a stream of server-sent events (WHATWG HTML, 9.2.6). `EventSource` cannot send a bearer token.
 *
 * @param {(event: StreamEvent) => void} onEvent
 * @returns {(chunk: string) => void} takes the text as it comes, cut anywhere
 */
export function createEventStreamParser(onEvent) {
  let rest = '';
  let type = '';
  /** @type {string[]} */
  let data = [];

  /** @param {string} line */
  const takeLine = (line) => {
    if (line === '') {
      if (data.length > 0) onEvent({ type: type || 'message', data: data.join('\n') });
      type = '';
      data = [];
      return;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') type = value;
    if (field === 'data') data.push(value);
  };

  return (chunk) => {
    rest += chunk;
    // A carriage return at the end may be the first half of a line end.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) takeLine(line);
  };
}
