import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { QueryTypes } from 'sequelize';
import { parseDatabaseUrl } from '../../../src/platform/database/database-url.ts';
import type { Database } from '../../../src/platform/database/database.ts';
import { createMigrator, type Migration } from '../../../src/platform/database/migrator.ts';
import { openDatabase } from '../../../src/platform/database/open-database.ts';
import { migrations } from '../../../src/profiles/migrations/index.ts';
import { describeOnEachEngine, type TestDatabase } from '../../helpers/engines.ts';

describeOnEachEngine('The migrator', (engine) => {
  let test: TestDatabase;
  let open: Database[];
  const instance = (): Database => {
    const database = openDatabase(parseDatabaseUrl(test.url), { poolMax: 1, queryTimeoutMs: 60_000 });
    open.push(database);
    return database;
  };
  beforeEach(async () => {
    open = [];
    test = await engine.create();
  });
  afterEach(async () => {
    await Promise.all(open.map((database) => database.close()));
    await test.drop();
  });

  const names = migrations.map(({ name }) => name);

  it('brings an empty database up to date, on a pool of one connection', async () => {
    const migrator = createMigrator(instance().sequelize, migrations);
    expect(await migrator.status()).toEqual({ executed: [], pending: names });
    expect(await migrator.up()).toEqual(names);
    expect(await migrator.status()).toEqual({ executed: names, pending: [] });
  });

  it('does nothing the second time', async () => {
    const migrator = createMigrator(instance().sequelize, migrations);
    await migrator.up();
    expect(await migrator.up()).toEqual([]);
  });

  it('runs each migration once when five instances start together', async () => {
    const ran = await Promise.all(
      Array.from({ length: 5 }, () => createMigrator(instance().sequelize, migrations).up()),
    );
    expect(ran.flat()).toEqual(names);
  });

  it('stops at a migration that fails, and goes on from there the next time', async () => {
    const { sequelize } = instance();
    const step = (name: string, up: Migration['up']): Migration => ({ name, up });
    const create =
      (table: string): Migration['up'] =>
      async ({ queryInterface, transaction }) => {
        await queryInterface.sequelize.query(`CREATE TABLE IF NOT EXISTS ${table} (id INTEGER)`, { transaction });
      };
    const broken = [
      step('1', create('one')),
      step('2', () => Promise.reject(new Error('broken'))),
      step('3', create('three')),
    ];
    await expect(createMigrator(sequelize, broken).up()).rejects.toThrow('broken');

    const mended = [step('1', create('one')), step('2', create('two')), step('3', create('three'))];
    await createMigrator(sequelize, mended).up();
    expect(await createMigrator(sequelize, mended).status()).toEqual({ executed: ['1', '2', '3'], pending: [] });
    for (const table of ['one', 'two', 'three']) {
      expect(await sequelize.query(`SELECT * FROM ${table}`, { type: QueryTypes.SELECT })).toEqual([]);
    }
  });
});

describeOnEachEngine('The schema', (engine) => {
  it('stores text as utf8mb4, compared by code point, and times with milliseconds', async () => {
    const test = await engine.create();
    const database = openDatabase(parseDatabaseUrl(test.url), { poolMax: 1, queryTimeoutMs: 60_000 });
    try {
      await createMigrator(database.sequelize, migrations).up();
      if (engine.name === 'SQLite') {
        // SQLite has one encoding, chosen when the file is made, and compares bytes unless told otherwise.
        expect(await database.sequelize.query('PRAGMA encoding', { type: QueryTypes.SELECT })).toEqual([
          { encoding: 'UTF-8' },
        ]);
        return;
      }
      const columns = await database.sequelize.query<{ name: string; collation: string | null; type: string }>(
        `SELECT column_name AS name, collation_name AS collation, column_type AS type
         FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'users'`,
        { type: QueryTypes.SELECT },
      );
      const binary = engine.name === 'MySQL' ? 'utf8mb4_0900_bin' : 'utf8mb4_nopad_bin';
      const collations = Object.fromEntries(columns.map(({ name, collation }) => [name, collation]));
      expect(collations).toMatchObject({
        id: 'ascii_bin',
        email_key: binary,
        name_key: binary,
        name: binary,
        metadata: binary,
      });
      expect(columns.find(({ name }) => name === 'created_at')?.type).toBe('datetime(3)');
      // Sequelize quotes with backslashes; a server's own NO_BACKSLASH_ESCAPES must not survive.
      const [session] = await database.sequelize.query<{ mode: string }>('SELECT @@SESSION.sql_mode AS mode', {
        type: QueryTypes.SELECT,
      });
      expect(session?.mode.split(',').toSorted()).toEqual([
        'ERROR_FOR_DIVISION_BY_ZERO',
        'NO_ENGINE_SUBSTITUTION',
        'NO_ZERO_DATE',
        'NO_ZERO_IN_DATE',
        'STRICT_ALL_TABLES',
      ]);
    } finally {
      await database.close();
      await test.drop();
    }
  });
});
