import type { Statements } from '../../platform/database/statements.ts';
import { tableSql } from '../../platform/database/table-sql.ts';
import type { UserModel, UserRow } from '../users/user-model.ts';
import type {
  ReadModelBatch,
  ReadModelBuilding,
  ReadModelChangesBatch,
  ReadModelDifference,
  ReadModelStatus,
  ReadModelWork,
} from './read-model-work.ts';
import { differingColumns, toReadRow, type UserReadRow, type UsersReadModel } from './users-read-model.ts';

/** Behind every id: those have characters up to `~`. */
const behindAll = '\u007f';
/** How many rows one statement writes, or asks for one by one. */
const rowsMax = 50;

type ReadModelSql = ReturnType<typeof readModelSql>;

/** The statements on both tables. */
function readModelSql(userModel: UserModel, readModel: UsersReadModel) {
  const users = tableSql(userModel);
  const read = tableSql(readModel);
  const inList = `IN (${Array.from({ length: rowsMax }, () => '?').join(', ')})`;
  const revision = '(SELECT seq FROM user_changes WHERE user_id = users.id ORDER BY seq DESC LIMIT 1) AS revision';
  return {
    lockUsers: `SELECT ${users.columns} FROM ${users.table} WHERE id > ? ORDER BY id LIMIT ?${users.forUpdate}`,
    lockUser: `SELECT id FROM ${users.table} WHERE id = ?${users.forUpdate}`,
    revisions: `SELECT id, ${revision} FROM users WHERE id > ? AND id <= ?`,
    changed: 'SELECT seq, user_id AS id FROM user_changes WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
    lockUsersOf: `SELECT ${users.columns} FROM ${users.table} WHERE id ${inList} ORDER BY id${users.forUpdate}`,
    revisionsOf: `SELECT id, ${revision} FROM users WHERE id ${inList}`,
    readOf: `SELECT ${read.columns} FROM ${read.table} WHERE id ${inList}`,
    read: `SELECT ${read.columns} FROM ${read.table} WHERE id > ? ORDER BY id LIMIT ?`,
    lockRead: `SELECT id FROM ${read.table} WHERE id = ? AND revision = ?${read.forUpdate}`,
    remove: `DELETE FROM ${read.table} WHERE id = ?`,
    replace: read.replace,
    insertValues: read.insertValues,
    count: `SELECT COUNT(*) AS users, COUNT(CASE WHEN id <= ? THEN 1 END) AS passed FROM ${users.table}`,
    latestChange: 'SELECT MAX(seq) AS latest FROM user_changes',
    // While it is pending and a building is under way, `journal_seq` says since when; a repair leaves no traces here.
    status: `SELECT state, position, journal_seq AS since FROM read_models WHERE name = 'users'`,
    begin: `UPDATE read_models SET journal_seq = ?, position = '', updated_at = ?
      WHERE name = 'users' AND state = 'pending' AND journal_seq IS NULL`,
    restart: `UPDATE read_models SET position = '', updated_at = ? WHERE name = 'users'`,
    advance: `UPDATE read_models SET position = ?, updated_at = ? WHERE name = 'users' AND journal_seq IS NOT NULL`,
    finish: `UPDATE read_models SET state = 'ready', position = '', journal_seq = NULL, updated_at = ?
      WHERE name = 'users' AND journal_seq IS NOT NULL`,
    suspend: `UPDATE read_models SET state = 'pending', position = '', journal_seq = NULL, updated_at = ?
      WHERE name = 'users'`,
  };
}

/** Binds the work on the read model to transactions. */
export function bindReadModelWork(
  userModel: UserModel,
  readModel: UsersReadModel,
): (statements: Statements) => ReadModelWork {
  const sql = readModelSql(userModel, readModel);
  return (statements) => new SqlReadModelWork(sql, statements);
}

/** What a comparison has found, and the rows as they should be. */
interface Comparison {
  readonly differences: readonly ReadModelDifference[];
  readonly wanted: readonly UserReadRow[];
}

interface RevisionRow {
  readonly id: string;
  readonly revision: number | null;
}

/** The work on the read model in one transaction. */
class SqlReadModelWork implements ReadModelWork {
  readonly #sql: ReadModelSql;
  readonly #statements: Statements;

  constructor(sql: ReadModelSql, statements: Statements) {
    this.#sql = sql;
    this.#statements = statements;
  }

  async count(upTo: string): Promise<{ readonly users: number; readonly passed: number }> {
    const [row] = await this.#statements.all<{ users: number; passed: number }>(this.#sql.count, [upTo]);
    return { users: row?.users ?? 0, passed: row?.passed ?? 0 };
  }

  async latestChange(): Promise<number> {
    const [row] = await this.#statements.all<{ latest: number | null }>(this.#sql.latestChange, []);
    return row?.latest ?? 0;
  }

  async status(): Promise<ReadModelStatus> {
    const { state, position } = await this.#row();
    return { isReady: state === 'ready', position };
  }

  async suspend(): Promise<void> {
    await this.#statements.run(this.#sql.suspend, [new Date()]);
  }

  async begin(fromStart: boolean): Promise<ReadModelBuilding> {
    const latest = await this.latestChange();
    await this.#statements.run(this.#sql.begin, [latest, new Date()]);
    if (fromStart) await this.#statements.run(this.#sql.restart, [new Date()]);
    const { position, since } = await this.#row();
    return { position, since: since ?? latest };
  }

  async finish(): Promise<boolean> {
    await this.#statements.run(this.#sql.finish, [new Date()]);
    return (await this.status()).isReady;
  }

  async compare(after: string, limit: number): Promise<ReadModelBatch> {
    return (await this.#compareRange(after, limit)).batch;
  }

  async rebuild(after: string, limit: number): Promise<ReadModelBatch> {
    const { batch, wanted } = await this.#compareRange(after, limit);
    await this.#repair({ differences: batch.differences, wanted });
    if (batch.end !== null) await this.#statements.run(this.#sql.advance, [batch.end, new Date()]);
    return batch;
  }

  async rebuildChanged(after: number, upTo: number): Promise<ReadModelChangesBatch> {
    const changes = await this.#statements.all<{ seq: number; id: string }>(this.#sql.changed, [after, upTo, rowsMax]);
    const [first] = changes;
    if (first === undefined) return { differences: [], end: null };
    const ids = Array.from({ length: rowsMax }, (_, index) => (changes[index] ?? first).id);
    const users = await this.#statements.all<UserRow>(this.#sql.lockUsersOf, ids);
    // Behind the locks, as below.
    const read = await this.#statements.all<UserReadRow>(this.#sql.readOf, ids);
    const revisions = await this.#statements.all<RevisionRow>(this.#sql.revisionsOf, ids);
    const comparison = await this.#compare(users, read, revisions);
    await this.#repair(comparison);
    return {
      differences: comparison.differences,
      end: changes.length < rowsMax ? null : (changes.at(-1)?.seq ?? null),
    };
  }

  async #row(): Promise<{ readonly state: string; readonly position: string; readonly since: number | null }> {
    const [row] = await this.#statements.all<{ state: string; position: string; since: number | null }>(
      this.#sql.status,
      [],
    );
    return row ?? { state: 'pending', position: '', since: null };
  }

  async #compareRange(
    after: string,
    limit: number,
  ): Promise<{ readonly batch: ReadModelBatch; readonly wanted: readonly UserReadRow[] }> {
    const users = await this.#statements.all<UserRow>(this.#sql.lockUsers, [after, limit]);
    // Behind the locks, in statements of their own: these see what those have committed who had the users before.
    const read = await this.#statements.all<UserReadRow>(this.#sql.read, [after, limit]);
    const end = endOf(users, read, limit);
    const inBatch = ({ id }: { id: string }): boolean => id <= end;
    const revisions = await this.#statements.all<RevisionRow>(this.#sql.revisions, [after, end]);
    const { differences, wanted } = await this.#compare(users.filter(inBatch), read.filter(inBatch), revisions);
    return { batch: { users: wanted.length, differences, end: end === behindAll ? null : end }, wanted };
  }

  async #compare(
    users: readonly UserRow[],
    read: readonly UserReadRow[],
    revisions: readonly RevisionRow[],
  ): Promise<Comparison> {
    const revisionOf = new Map(revisions.map(({ id, revision }) => [id, revision]));
    const wanted = users.map((row) => toReadRow(row, revisionOf.get(row.id) ?? 0));
    const stored = new Map(read.map((row) => [row.id, row]));

    const differences: ReadModelDifference[] = [];
    for (const row of wanted) {
      const found = stored.get(row.id);
      stored.delete(row.id);
      const columns = found === undefined ? [] : differingColumns(found, row);
      if (found === undefined) differences.push({ id: row.id, kind: 'missing', columns });
      else if (columns.length > 0) differences.push({ id: row.id, kind: 'differs', columns });
    }
    for (const row of stored.values()) {
      if (await this.#isOrphaned(row)) differences.push({ id: row.id, kind: 'orphaned', columns: [] });
    }
    return { differences, wanted };
  }

  async #repair({ differences, wanted }: Comparison): Promise<void> {
    const isOrphaned = new Map(differences.map(({ id, kind }) => [id, kind === 'orphaned']));
    await this.#replace(wanted.filter(({ id }) => isOrphaned.get(id) === false));
    for (const [id, orphaned] of isOrphaned) {
      if (orphaned) await this.#statements.run(this.#sql.remove, [id]);
    }
  }

  /** Whoever is only in `users_read` may have been created, or removed, since `users` was read. */
  async #isOrphaned({ id, revision }: UserReadRow): Promise<boolean> {
    if ((await this.#statements.all(this.#sql.lockUser, [id])).length > 0) return false;
    return (await this.#statements.all(this.#sql.lockRead, [id, revision])).length > 0;
  }

  async #replace(rows: readonly UserReadRow[]): Promise<void> {
    for (let start = 0; start < rows.length; start += rowsMax) {
      const some = rows.slice(start, start + rowsMax);
      await this.#statements.run(
        this.#sql.replace(some.length),
        some.flatMap((row) => this.#sql.insertValues(row)),
      );
    }
  }
}

/** The id up to which both lists are complete. */
function endOf(users: readonly UserRow[], read: readonly UserReadRow[], limit: number): string {
  const ends = [users, read].map((rows) => (rows.length < limit ? behindAll : (rows.at(-1)?.id ?? behindAll)));
  return ends.reduce((a, b) => (a < b ? a : b));
}
