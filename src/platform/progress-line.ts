/** Tells how far something has come that takes its time: on a terminal in one line, elsewhere in a line now and then. */
export interface ProgressLine {
  readonly update: (done: number, total: number) => void;
  /** Writes what was told last, if it was not written, and leaves the line. */
  readonly end: () => void;
}

const onTerminalMs = 100;
const elsewhereMs = 5_000;
const barWidth = 24;

/**
 * @param unit what is counted, in the plural
 * @param now in milliseconds
 */
export function createProgressLine(
  unit: string,
  output: { readonly isTTY?: boolean; write(text: string): unknown },
  now: () => number = () => performance.now(),
): ProgressLine {
  const onTerminal = output.isTTY === true;
  let began: { readonly at: number; readonly done: number } | undefined;
  let writtenAt = Number.NEGATIVE_INFINITY;
  let unwritten: string | undefined;

  const write = (text: string): void => {
    output.write(onTerminal ? `\r\u001b[K${text}` : `${text}\n`);
    writtenAt = now();
    unwritten = undefined;
  };

  return {
    update: (done, total) => {
      began ??= { at: now(), done };
      const share = total === 0 ? 1 : Math.min(1, done / total);
      const perSecond = (done - began.done) / Math.max(0.001, (now() - began.at) / 1_000);
      const left = perSecond > 0 ? `, ${duration((total - done) / perSecond)} left` : '';
      const counted = `${done} of ${total} ${unit} (${Math.floor(share * 100)} %), ${Math.round(perSecond)}/s${left}`;
      unwritten = onTerminal ? `${bar(share)} ${counted}` : counted;
      if (now() - writtenAt >= (onTerminal ? onTerminalMs : elsewhereMs)) write(unwritten);
    },
    end: () => {
      if (unwritten !== undefined) write(unwritten);
      if (onTerminal && began !== undefined) output.write('\n');
    },
  };
}

function bar(share: number): string {
  const full = Math.round(share * barWidth);
  return `[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}]`;
}

function duration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
