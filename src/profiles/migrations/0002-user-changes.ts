import type { Migration } from '../../platform/database/migrator.ts';

/** The journal outlives the users that it speaks of, hence no foreign key. It holds names of fields, never values. */
export const userChanges: Migration = {
  name: '0002-user-changes',
  up: async ({ queryInterface, transaction, dialect }) => {
    const { binaryAscii, timestamp, tableOptions, engine } = dialect;
    const onSqlite = engine === 'sqlite';
    // AUTOINCREMENT keeps SQLite from giving the number of a row that is gone to another one.
    const numbered = onSqlite ? 'INTEGER PRIMARY KEY AUTOINCREMENT' : 'BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY';
    const inline = onSqlite ? '' : ', KEY user_changes_user (user_id, seq)';

    await queryInterface.sequelize.query(
      `CREATE TABLE IF NOT EXISTS user_changes (
        seq        ${numbered},
        change_id  VARCHAR(36)  ${binaryAscii} NOT NULL,
        user_id    VARCHAR(64)  ${binaryAscii} NOT NULL,
        version    INTEGER      NOT NULL,
        kind       VARCHAR(16)  ${binaryAscii} NOT NULL,
        fields     TEXT         ${binaryAscii} NOT NULL,
        changed_at ${timestamp} NOT NULL,
        request_id VARCHAR(128) ${binaryAscii} NOT NULL,
        CONSTRAINT user_changes_change_id UNIQUE (change_id)${inline}
      ) ${tableOptions}`,
      { transaction },
    );
    if (!onSqlite) return;
    await queryInterface.sequelize.query(
      'CREATE INDEX IF NOT EXISTS user_changes_user ON user_changes (user_id, seq)',
      { transaction },
    );
  },
};
