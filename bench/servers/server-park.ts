import type { Placement } from '../machine/placement.ts';
import { type MeasuredServer, startServer } from './measured-server.ts';
import { serviceStatements } from './service-statements.ts';

type Env = Readonly<Record<string, string>>;

/** What the static server sends besides the profiles: names and values of headers by turns. */
export interface StaticAnswers {
  readonly users: number;
  readonly whole: readonly string[];
  readonly unchanged: readonly string[];
}

/** Starts the servers that take part, and ends them all. */
export interface ServerPark {
  /** Bare `node:http` with the first `users` profiles in memory. */
  bareStatic(answers: StaticAnswers): Promise<MeasuredServer>;
  /** Bare `node:http` with mysql2. */
  bareDatabase(databaseUrl: string): Promise<MeasuredServer>;
  /** The service as in production. @param options.everywhere whether it may use all cores */
  ours(databaseUrl: string, env?: Env, options?: { readonly everywhere: boolean }): Promise<MeasuredServer>;
  /** The mock provider; its address. */
  provider(mode: 'healthy' | 'hanging'): Promise<string>;
  /** A receiver of traces; its address. */
  traceSink(): Promise<string>;
  stopAll(): Promise<void>;
}

const node = process.execPath;
/** Nobody listens there, and nothing asks. */
const noProvider = 'http://127.0.0.1:9';

/** @param folder for logs @param isProfiled whether they can be profiled */
export function createServerPark(placement: Placement, folder: string, isProfiled: boolean): ServerPark {
  const started: MeasuredServer[] = [];
  const start = async (options: Omit<Parameters<typeof startServer>[0], 'folder'>): Promise<MeasuredServer> => {
    const server = await startServer({ ...options, folder });
    started.push(server);
    return server;
  };
  const beside = { cores: placement.others, readyPath: '/' };

  return {
    bareStatic: (answers) =>
      start({
        name: 'bare-static',
        isProfiled,
        command: [node, 'bench/servers/bare-static.ts'],
        env: { ANSWERS: JSON.stringify(answers) },
        cores: placement.server,
        readyPath: '/',
      }),
    bareDatabase: (databaseUrl) =>
      start({
        name: 'bare-database',
        isProfiled,
        command: [node, 'bench/servers/bare-database.ts'],
        env: { DATABASE_URL: databaseUrl, STATEMENTS: JSON.stringify(serviceStatements()) },
        cores: placement.server,
        readyPath: '/ready',
      }),
    ours: (databaseUrl, env = {}, { everywhere } = { everywhere: false }) =>
      start({
        name: 'ours',
        // A supervisor has nothing to show.
        isProfiled: isProfiled && !everywhere,
        command: [node, 'src/main/profiles.ts'],
        env: { DATABASE_URL: databaseUrl, ENRICHMENT_URL: noProvider, SHUTDOWN_DRAIN_MS: '0', ...env },
        cores: everywhere ? null : placement.server,
        readyPath: '/ready',
      }),
    provider: async (mode) => {
      const command = [node, 'mock-enrichment/main.ts'] as const;
      const env = { MOCK_MODE: mode };
      const server = await start({ ...beside, name: 'provider', command, env, portVariable: 'MOCK_PORT' });
      return `http://127.0.0.1:${server.port}`;
    },
    traceSink: async () => {
      const server = await start({ ...beside, name: 'trace-sink', command: [node, 'bench/servers/trace-sink.ts'] });
      return `http://127.0.0.1:${server.port}`;
    },
    stopAll: async () => {
      for (const server of started.splice(0).toReversed()) await server.stop();
    },
  };
}
