import type { Migration } from '../../platform/database/migrator.ts';

/**
 * What queries read of users. Columns are those that the calls compare or order by, and the answer; see 0001 for the
 * collations. E-mail keys are not unique here: while versions write side by side of which one does not know this table,
 * a row of a user that is gone may still have the key that another has now.
 *
 * Where there are users, or were, the table is `pending`: instances of the version before may still write, and they
 * write `users` only.
 */
export const usersRead: Migration = {
  name: '0004-users-read',
  up: async ({ queryInterface: { sequelize }, transaction, dialect }) => {
    const { binaryText, binaryAscii, timestamp, tableOptions, engine } = dialect;
    const indexes: readonly (readonly [name: string, columns: string])[] = [
      ['users_read_email_key', 'email_key'],
      ['users_read_created_at', 'created_at, id'],
      ['users_read_name_key', 'name_key, id'],
      ['users_read_display_name_key', 'display_name_key'],
      ['users_read_email_search_key', 'email_search_key'],
    ];
    const inline = engine === 'sqlite' ? '' : indexes.map(([name, columns]) => `, KEY ${name} (${columns})`).join('');

    await sequelize.query(
      `CREATE TABLE IF NOT EXISTS users_read (
        id               VARCHAR(64)  ${binaryAscii} NOT NULL PRIMARY KEY,
        revision         BIGINT       NOT NULL,
        version          INTEGER      NOT NULL,
        email_key        VARCHAR(254) ${binaryText} NOT NULL,
        name_key         VARCHAR(255) ${binaryText} NOT NULL,
        display_name_key VARCHAR(255) ${binaryText} NULL,
        email_search_key VARCHAR(255) ${binaryText} NOT NULL,
        created_at       ${timestamp} NOT NULL,
        body             TEXT         ${binaryText} NOT NULL${inline}
      ) ${tableOptions}`,
      { transaction },
    );
    if (engine === 'sqlite') {
      for (const [name, columns] of indexes) {
        await sequelize.query(`CREATE INDEX IF NOT EXISTS ${name} ON users_read (${columns})`, { transaction });
      }
    }

    await sequelize.query(
      `CREATE TABLE IF NOT EXISTS read_models (
        name        VARCHAR(64) ${binaryAscii} NOT NULL PRIMARY KEY,
        state       VARCHAR(16) ${binaryAscii} NOT NULL,
        position    VARCHAR(64) ${binaryAscii} NOT NULL,
        journal_seq BIGINT      NULL,
        updated_at  ${timestamp} NOT NULL
      ) ${tableOptions}`,
      { transaction },
    );
    await sequelize.query(
      `INSERT INTO read_models (name, state, position, updated_at)
       SELECT 'users',
              CASE WHEN EXISTS (SELECT 1 FROM users) OR EXISTS (SELECT 1 FROM user_changes) THEN 'pending' ELSE 'ready' END,
              '', ?
       FROM (SELECT 1) AS one
       WHERE NOT EXISTS (SELECT 1 FROM read_models WHERE name = 'users')`,
      { replacements: [new Date()], transaction },
    );
  },
};
