/** What a message with or without a connection goes through to a process, such as that of a worker of `node:cluster`. */
interface Channel {
  send(message: unknown, connectionOrCallback?: unknown): unknown;
}

/**
 * A worker is given one connection at a time, and the next when it has taken that. `node:cluster` forgets one that was
 * given to a worker that has died, and its client would wait until it gives up.
 *
 * @returns a function that closes it here: a worker that has taken it keeps it
 */
export function rememberLastGiven(child: Channel): () => void {
  const send = child.send.bind(child);
  let given: unknown;
  Object.assign(child, {
    send: (...args: readonly unknown[]): unknown => {
      // It can as well be a callback, or null.
      if (typeof args[1] === 'object' && args[1] !== null) given = args[1];
      return Reflect.apply(send, child, args);
    },
  });
  return () => {
    if (typeof given === 'object' && given !== null && 'close' in given && typeof given.close === 'function') {
      given.close();
    }
  };
}
