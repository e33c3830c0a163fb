/** Where the database is: a SQLite file, or a MySQL or MariaDB server. */
export type DatabaseLocation =
  | { readonly engine: 'sqlite'; readonly path: string }
  | {
      readonly engine: 'mysql';
      readonly host: string;
      readonly port: number;
      readonly username: string;
      readonly password: string;
      readonly database: string;
    };

/**
 * Reads `sqlite:<path>`, `mysql://user:password@host:port/database` or the same with `mariadb:`, which share a protocol
 * and a driver.
 *
 * @throws Error that says what is missing, without repeating the URL: it holds the password
 */
export function parseDatabaseUrl(text: string): DatabaseLocation {
  if (text.startsWith('sqlite:')) {
    const path = text.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '');
    if (path === '' || path === ':memory:') throw new Error('must name a file: sqlite:<path>');
    return { engine: 'sqlite', path };
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'mysql:' && url?.protocol !== 'mariadb:') {
    throw new Error('must be sqlite:<path>, mysql://… or mariadb://…');
  }
  const database = decode(url.pathname.slice(1));
  if (url.hostname === '' || database === '' || database.includes('/')) {
    throw new Error('must name a host and a database: mysql://user:password@host:port/database');
  }
  return {
    engine: 'mysql',
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 3306 : Number(url.port),
    username: decode(url.username),
    password: decode(url.password),
    database,
  };
}

const replicasMax = 16;

/**
 * Reads the addresses of servers, by comma.
 *
 * @throws Error as `parseDatabaseUrl` does
 */
export function parseReplicaUrls(text: string): readonly DatabaseLocation[] {
  const urls = text.split(',').map((url) => url.trim());
  if (urls.length > replicasMax) throw new Error(`must be ${replicasMax} at most`);
  if (!urls.every((url) => /^(?:mysql|mariadb):/.test(url)))
    throw new Error('must be mysql://… or mariadb://…, by comma');
  return urls.map(parseDatabaseUrl);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Error('has a part that is not valid percent-encoding');
  }
}
