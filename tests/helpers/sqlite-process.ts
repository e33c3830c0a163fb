import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export type SqliteCommand = 'echo' | 'lock' | 'unlock' | 'increment50' | 'commitRow' | 'insertWithoutCommit' | 'close';

/** Another process that uses the same file; see `sqlite-child.ts`. */
export interface SqliteProcess {
  /** Resolves when it has done what it was told. @throws when it ends before */
  tell(command: SqliteCommand): Promise<void>;
  /** Tells it to close its database, and gives the exit code with which it then ends by itself. */
  closeAndExit(): Promise<unknown>;
  /** `kill -9`, unless it has ended. */
  kill(): Promise<void>;
}

export function startSqliteProcess(storage: string): SqliteProcess {
  const script = fileURLToPath(new URL('./sqlite-child.ts', import.meta.url));
  const child = fork(script, [storage], { execArgv: ['--disable-warning=ExperimentalWarning'] });
  const exited = once(child, 'exit');

  return {
    tell: async (command) => {
      const answered = once(child, 'message');
      child.send(command);
      const ended = exited.then(([code, signal]) => {
        throw new Error(`The other process ended (${code ?? signal}) instead of answering ${command}.`);
      });
      await Promise.race([answered, ended]);
    },
    closeAndExit: async () => {
      child.send('close');
      const [code] = await exited;
      return code;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
