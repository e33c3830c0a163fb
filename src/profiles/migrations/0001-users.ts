import type { Migration } from '../../platform/database/migrator.ts';

/**
 * The `*_key` columns hold what is compared (case-folded, normalised, binary); the others what was given.
 * Lengths are in characters, and leave room for an index of key and id within InnoDB's 3,072 bytes.
 */
export const users: Migration = {
  name: '0001-users',
  up: async ({ queryInterface, transaction, dialect }) => {
    const { binaryText, binaryAscii, timestamp, tableOptions, engine } = dialect;
    const indexes: readonly (readonly [name: string, columns: string])[] = [
      ['users_created_at', 'created_at, id'],
      ['users_name_key', 'name_key, id'],
      ['users_display_name_key', 'display_name_key'],
      ['users_email_search_key', 'email_search_key'],
    ];
    const inline = engine === 'sqlite' ? '' : indexes.map(([name, columns]) => `, KEY ${name} (${columns})`).join('');

    await queryInterface.sequelize.query(
      `CREATE TABLE IF NOT EXISTS users (
        id               VARCHAR(64)  ${binaryAscii} NOT NULL PRIMARY KEY,
        name             VARCHAR(255) ${binaryText} NOT NULL,
        name_key         VARCHAR(255) ${binaryText} NOT NULL,
        email            VARCHAR(254) ${binaryText} NOT NULL,
        email_key        VARCHAR(254) ${binaryText} NOT NULL,
        email_search_key VARCHAR(255) ${binaryText} NOT NULL,
        phone            VARCHAR(16)  ${binaryAscii} NULL,
        display_name     VARCHAR(255) ${binaryText} NULL,
        display_name_key VARCHAR(255) ${binaryText} NULL,
        metadata         TEXT         ${binaryText} NOT NULL,
        version          INTEGER      NOT NULL,
        created_at       ${timestamp} NOT NULL,
        updated_at       ${timestamp} NOT NULL,
        CONSTRAINT users_email_key UNIQUE (email_key)${inline}
      ) ${tableOptions}`,
      { transaction },
    );
    if (engine !== 'sqlite') return;
    for (const [name, columns] of indexes) {
      await queryInterface.sequelize.query(`CREATE INDEX IF NOT EXISTS ${name} ON users (${columns})`, { transaction });
    }
  },
};
