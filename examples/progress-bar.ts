const width = 30;

/** A line that fills up: rewritten on a terminal, and elsewhere written at each tenth. */
export function createProgressBar(total: number, output: NodeJS.WriteStream): (done: number) => void {
  let written = -1;
  return (done) => {
    const share = total === 0 ? 1 : done / total;
    const step = Math.floor(share * (output.isTTY ? 1_000 : 10));
    if (step === written) return;
    written = step;
    const full = Math.round(share * width);
    const bar = `[${'#'.repeat(full)}${'.'.repeat(width - full)}] ${done} of ${total} users`;
    const isOver = done === total;
    output.write(output.isTTY ? `\r\u001b[K${bar}${isOver ? '\n' : ''}` : `${bar}\n`);
  };
}
