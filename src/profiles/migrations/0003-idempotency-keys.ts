import type { Migration } from '../../platform/database/migrator.ts';

/** `id` and `fingerprint` are hex SHA-256. A row's answer is null only while the transaction that made it is open. */
export const idempotencyKeys: Migration = {
  name: '0003-idempotency-keys',
  up: async ({ queryInterface, transaction, dialect }) => {
    const { binaryText, binaryAscii, timestamp, tableOptions, engine } = dialect;
    const inline = engine === 'sqlite' ? '' : ', KEY idempotency_keys_expires_at (expires_at)';

    await queryInterface.sequelize.query(
      `CREATE TABLE IF NOT EXISTS idempotency_keys (
        id          CHAR(64)   ${binaryAscii} NOT NULL PRIMARY KEY,
        fingerprint CHAR(64)   ${binaryAscii} NOT NULL,
        status      INTEGER    NULL,
        headers     TEXT       ${binaryText} NULL,
        body        MEDIUMTEXT ${binaryText} NULL,
        created_at  ${timestamp} NOT NULL,
        expires_at  ${timestamp} NOT NULL${inline}
      ) ${tableOptions}`,
      { transaction },
    );
    if (engine !== 'sqlite') return;
    await queryInterface.sequelize.query(
      'CREATE INDEX IF NOT EXISTS idempotency_keys_expires_at ON idempotency_keys (expires_at)',
      { transaction },
    );
  },
};
