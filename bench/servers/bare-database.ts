import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createPool, type ResultSetHeader, type RowDataPacket } from 'mysql2';
import type { PoolConnection } from 'mysql2/promise';
import { v7 as uuidv7 } from 'uuid';
import type { ServiceStatements } from './service-statements.ts';

/**
 * What Node.js and the database themselves cost: the statements of the service, and nothing else. It checks nothing,
 * cuts nothing short, logs and counts nothing.
 */
const statements: ServiceStatements = JSON.parse(process.env['STATEMENTS'] ?? '');
const pool = createPool({ uri: process.env['DATABASE_URL'] ?? '', connectionLimit: 10, timezone: 'Z' });
pool.on('connection', (connection) => void connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED'));

type Values = Readonly<Record<string, string | number | Date | null>>;

/** An INSERT or UPDATE, and the columns that its `?` are for. */
interface Write {
  readonly sql: string;
  readonly columns: readonly string[];
}

const insertUser = inserting(statements.insertUser);
const updateUser = updating(statements.updateUser);
const insertChange = inserting(statements.insertChange);
const putView = inserting(statements.putView);

interface Content {
  readonly name: string;
  readonly email: string;
  readonly phone: string | null;
  readonly displayName: string | null;
  readonly metadata: object;
}

interface User extends Content {
  readonly id: string;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const server = createServer((request, response) => {
  if (request.url === '/ready') {
    response.end();
    return;
  }
  const id = request.url?.slice('/api/users/'.length) ?? '';
  if (request.method === 'GET') {
    read(id, response);
    return;
  }
  readBody(request, (content) => {
    const answering = request.method === 'POST' ? create(content, response) : update(id, content, response);
    answering.catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
});
server.listen(Number(process.env['PORT']), '127.0.0.1');

function read(id: string, response: ServerResponse): void {
  pool.execute<RowDataPacket[]>(statements.readView, [id], (error, rows) => {
    const body: unknown = rows?.[0]?.['body'];
    if (error !== null || typeof body !== 'string') response.writeHead(500).end(error?.message);
    else send(response, 200, body);
  });
}

async function create(content: Content, response: ServerResponse): Promise<void> {
  const now = new Date();
  const { name, email, phone, displayName, metadata } = content;
  const id = uuidv7();
  const user: User = { id, name, email, phone, displayName, metadata, version: 1, createdAt: now, updatedAt: now };
  const body = JSON.stringify(user);
  await transact(async (connection) => {
    const row = rowOf(user);
    await execute(connection, insertUser, row);
    const revision = await insertChangeOf(connection, user, 'created', Object.keys(content));
    await execute(connection, putView, { ...row, revision, body });
  });
  send(response, 201, body);
}

async function update(id: string, changes: Partial<Content>, response: ServerResponse): Promise<void> {
  const body = await transact(async (connection) => {
    const [[row]] = await connection.execute<(RowDataPacket & User & { metadata: string })[]>(
      statements.findForUpdate,
      [id],
    );
    if (row === undefined) throw new Error(`There is no user ${id}.`);
    const { name, email, phone, displayName, createdAt } = row;
    const metadata: object = JSON.parse(row.metadata);
    const current = { id, name, email, phone, displayName, metadata };
    const user: User = { ...current, ...changes, version: row.version + 1, createdAt, updatedAt: new Date() };
    const changed = rowOf(user);
    await execute(connection, updateUser, changed);
    const revision = await insertChangeOf(connection, user, 'updated', Object.keys(changes));
    const body = JSON.stringify(user);
    await execute(connection, putView, { ...changed, revision, body });
    return body;
  });
  send(response, 200, body);
}

function rowOf(user: User): Values {
  const emailKey = user.email.toLowerCase();
  return {
    id: user.id,
    name: user.name,
    name_key: user.name.toLowerCase(),
    email: user.email,
    email_key: emailKey,
    email_search_key: emailKey,
    phone: user.phone,
    display_name: user.displayName,
    display_name_key: user.displayName === null ? null : user.displayName.toLowerCase(),
    metadata: JSON.stringify(user.metadata),
    version: user.version,
    'version before': user.version - 1,
    created_at: user.createdAt,
    updated_at: user.updatedAt,
  };
}

async function insertChangeOf(
  connection: PoolConnection,
  { id, version, updatedAt }: User,
  kind: string,
  fields: readonly string[],
): Promise<number> {
  return await execute(connection, insertChange, {
    change_id: uuidv7(),
    user_id: id,
    version,
    kind,
    fields: JSON.stringify(fields),
    changed_at: updatedAt,
    request_id: id,
  });
}

/** @returns the number that the row has been given */
async function execute(connection: PoolConnection, { sql, columns }: Write, values: Values): Promise<number> {
  const [{ insertId }] = await connection.execute<ResultSetHeader>(
    sql,
    columns.map((column) => values[column] ?? null),
  );
  return insertId;
}

function inserting(sql: string): Write {
  const [, list = ''] = /\((`[^)]*)\)/.exec(sql) ?? [];
  return { sql, columns: list.replaceAll('`', '').split(', ') };
}

/** Its condition is on the id and on the version that was found. */
function updating(sql: string): Write {
  const [assignments = ''] = sql.split(' WHERE ');
  const columns = [...assignments.matchAll(/`(\w+)` = \?/g)].map(([, column = '']) => column);
  return { sql, columns: [...columns, 'id', 'version before'] };
}

async function transact<T>(work: (connection: PoolConnection) => Promise<T>): Promise<T> {
  const connection = await pool.promise().getConnection();
  try {
    await connection.query('BEGIN');
    const result = await work(connection);
    await connection.query('COMMIT');
    return result;
  } catch (error) {
    await connection.query('ROLLBACK');
    throw error;
  } finally {
    connection.release();
  }
}

function readBody(request: IncomingMessage, take: (content: Content) => void): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.once('end', () => take(JSON.parse(Buffer.concat(chunks).toString())));
}

/** The body as one character for each byte, which Node.js sends together with the head, and fastest. */
function send(response: ServerResponse, status: number, text: string): void {
  const body = Buffer.from(text).toString('latin1');
  const headers = { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': body.length };
  response.writeHead(status, headers).end(body, 'latin1');
}
