import type { DestinationStream } from 'pino';

/**
 * As much as Linux writes to a pipe in one piece (PIPE_BUF, pipe(7)): lines of processes that share a pipe do not get
 * into each other. It is more than a dozen lines.
 *
 * That is true of batches, and of lines, of up to 4,096 bytes. A longer line goes out alone, but another process can
 * write into the middle of it while the pipe is nearly full. Characters are counted, not bytes, because it costs less:
 * what the service logs is ASCII but for text that comes from outside.
 */
const batchLengthMax = 4_096;

/** Takes lines, and writes those of one turn of the event loop together. */
export interface LineBatch extends DestinationStream {
  /** Writes at once what waits. pino calls it behind a fatal line. */
  flushSync(): void;
}

/**
 * A line costs a system call, several times what it costs to put it together, and a busy process has many in each turn
 * of the event loop. So they wait for the end of the turn, for a batch to be full, or for the end of the process,
 * whichever comes first: an exit, be it by a fault that nobody has caught, writes them. What a process is killed in the
 * middle of (SIGKILL, a crash of Node.js itself) loses the lines of that turn.
 *
 * @param write takes whole lines, synchronously, and does not throw
 */
export function createLineBatch(write: (lines: string) => void): LineBatch {
  let waiting = '';

  function flushSync(): void {
    if (waiting === '') return;
    const lines = waiting;
    waiting = '';
    write(lines);
  }

  process.on('exit', flushSync);
  return {
    write: (line) => {
      if (waiting === '') setImmediate(flushSync);
      else if (waiting.length + line.length > batchLengthMax) flushSync();
      waiting += line;
    },
    flushSync,
  };
}
