import { parseArgs } from 'node:util';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { createProgressLine } from '../../platform/progress-line.ts';
import { checkReadModel, rebuildReadModel } from './build-read-model.ts';
import type { ReadModelDifference, ReadModelStatus, ReadModelWork } from './read-model-work.ts';

/** What can be asked for on the command line. */
export interface ReadModelCommand {
  readonly name: 'status' | 'check' | 'rebuild' | 'suspend';
  readonly batchSize: number;
  readonly fromStart: boolean;
}

export const readModelUsage =
  'usage: npm run read-model -- status | check | rebuild [--from-start] | suspend  [--batch 1..5000]\n';

/** @returns null when that is no command */
export function parseReadModelCommand(args: readonly string[]): ReadModelCommand | null {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { batch: { type: 'string', default: '500' }, 'from-start': { type: 'boolean', default: false } },
    });
    const [name, ...more] = positionals;
    const isCommand = name === 'status' || name === 'check' || name === 'rebuild' || name === 'suspend';
    const batchSize = Number(values.batch);
    if (!isCommand || more.length > 0 || !Number.isInteger(batchSize) || batchSize < 1 || batchSize > 5_000)
      return null;
    return { name, batchSize, fromStart: values['from-start'] };
  } catch {
    return null;
  }
}

/**
 * Does what was asked for. What has come out goes to `output.out`, how far it has come to `output.progress`.
 *
 * @returns the exit code: 1 when a check has found differences, or a signal has ended the work, else 0
 */
export async function runReadModelCommand(
  unitOfWork: UnitOfWork<ReadModelWork>,
  { name, batchSize, fromStart }: ReadModelCommand,
  output: { readonly out: NodeJS.WritableStream; readonly progress: NodeJS.WriteStream; readonly signal: AbortSignal },
): Promise<number> {
  const print = (line: string): void => void output.out.write(`${line}\n`);
  if (name === 'status') {
    print(sentenceOf(await unitOfWork.run((work) => work.status())));
    return 0;
  }
  if (name === 'suspend') {
    await unitOfWork.run((work) => work.suspend());
    print('The read model is pending: processes that start from now on read the users themselves until it is rebuilt.');
    return 0;
  }
  const progress = createProgressLine('users', output.progress);
  const options = { batchSize, signal: output.signal, onProgress: progress.update };
  if (name === 'check') {
    const { isComplete, differences } = await checkReadModel(unitOfWork, {
      ...options,
      onDifference: (difference) => print(lineOf(difference)),
    }).finally(progress.end);
    if (isComplete) print(differences === 0 ? 'No differences.' : `${differences} differences.`);
    return isComplete && differences === 0 ? 0 : 1;
  }
  const { isComplete, differences } = await rebuildReadModel(unitOfWork, { ...options, fromStart }).finally(
    progress.end,
  );
  const repaired = `${differences} of its rows were missing, too many or different.`;
  print(isComplete ? `The read model is ready; ${repaired}` : `Not finished; the next run goes on here. ${repaired}`);
  return isComplete ? 0 : 1;
}

function sentenceOf({ isReady, position }: ReadModelStatus): string {
  if (isReady) return 'ready: queries read it.';
  const progress = position === '' ? 'no batch has been built' : `it is built up to ${position}`;
  return `pending: queries read the users themselves; ${progress}.`;
}

function lineOf({ kind, id, columns }: ReadModelDifference): string {
  return `${kind.padEnd(8)}  ${id}${columns.length === 0 ? '' : `  ${columns.join(', ')}`}`;
}
