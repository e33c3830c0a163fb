import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLineBatch, type LineBatch } from '../../../src/platform/telemetry/line-batch.ts';

const nextTurn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

describe('Lines of a log', () => {
  let written: string[];
  let batch: LineBatch;
  let listenersBefore: readonly unknown[];
  beforeEach(() => {
    listenersBefore = process.listeners('exit');
    written = [];
    batch = createLineBatch((lines) => void written.push(lines));
  });
  afterEach(() => {
    for (const listener of process.listeners('exit')) {
      if (!listenersBefore.includes(listener)) process.off('exit', listener);
    }
  });

  it('of one turn of the event loop are written together, in their order, at its end', async () => {
    for (const line of ['a\n', 'b\n', 'c\n']) batch.write(line);
    expect(written).toEqual([]);
    await nextTurn();
    expect(written).toEqual(['a\nb\nc\n']);
  });

  it('of the next turn are written at its end', async () => {
    batch.write('a\n');
    await nextTurn();
    batch.write('b\n');
    expect(written).toEqual(['a\n']);
    await nextTurn();
    expect(written).toEqual(['a\n', 'b\n']);
    await nextTurn();
    expect(written).toHaveLength(2);
  });

  it('do not wait for the end of the turn when they are many, and stay whole', async () => {
    const line = `${'x'.repeat(999)}\n`;
    for (let each = 0; each < 10; each++) batch.write(line);
    expect(written).toEqual([line.repeat(4), line.repeat(4)]);
    await nextTurn();
    expect(written).toEqual([line.repeat(4), line.repeat(4), line.repeat(2)]);
  });

  it('longer than a batch are written, too', async () => {
    const long = `${'x'.repeat(10_000)}\n`;
    batch.write('a\n');
    batch.write(long);
    batch.write('b\n');
    await nextTurn();
    expect(written).toEqual(['a\n', long, 'b\n']);
  });

  it('are written at once when somebody asks for it, and not again', async () => {
    batch.write('a\n');
    batch.flushSync();
    expect(written).toEqual(['a\n']);
    await nextTurn();
    expect(written).toEqual(['a\n']);
  });
});
