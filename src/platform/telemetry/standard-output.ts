import { pino } from 'pino';
import { createLineBatch, type LineBatch } from './line-batch.ts';

/** Lines that wait for a stdout that takes none, as long as there is room; those that come then are dropped. */
const waitingBytesMax = 256 * 1024;

/**
 * Writes to stdout synchronously, the lines of one turn of the event loop together: a worker-thread transport loses the
 * last lines of a dying process, and those are the ones that are read.
 *
 * A log that cannot be written, such as to a full disk, is no reason to fail requests: nothing is thrown, and lines wait
 * for the next that gets through. A pipe whose reader hangs still holds up whoever writes, unless it is set not to.
 */
export function standardOutput(onLineDropped: () => void = () => {}): LineBatch {
  const output = pino.destination({
    dest: 1,
    sync: true,
    maxLength: waitingBytesMax,
    // It would sleep and try again for ever, within the call.
    retryEAGAIN: () => false,
  });
  // Each next batch is another try, and the lines that find no room are counted.
  output.on('error', () => {});
  output.on('drop', (lines: string) => {
    for (let end = lines.indexOf('\n'); end >= 0; end = lines.indexOf('\n', end + 1)) onLineDropped();
  });
  // Not the output itself: pino would flush it behind a fatal line, which tries again for ever.
  return createLineBatch((lines) => void output.write(lines));
}
