import { Sequelize } from 'sequelize';
import { changeJournalSql } from '../../src/profiles/changes/sql-change-journal.ts';
import { defineUserChangeModel } from '../../src/profiles/changes/user-change-model.ts';
import { userProjectionSql } from '../../src/profiles/read-model/sql-user-projection.ts';
import { defineUsersReadModel } from '../../src/profiles/read-model/users-read-model.ts';
import { userSql } from '../../src/profiles/users/sql-user-repository.ts';
import { defineUserModel } from '../../src/profiles/users/user-model.ts';

/** The texts that the service executes, for a server that executes them without the service. */
export interface ServiceStatements {
  readonly readView: string;
  readonly findForUpdate: string;
  readonly insertUser: string;
  readonly updateUser: string;
  readonly insertChange: string;
  readonly putView: string;
}

/** Connects to nothing. */
export function serviceStatements(): ServiceStatements {
  const sequelize = new Sequelize({
    dialect: 'mysql',
    define: { freezeTableName: true, underscored: true, timestamps: false },
  });
  const users = userSql(defineUserModel(sequelize));
  return {
    readView: 'SELECT id, revision, version, body FROM users_read WHERE id = ?',
    findForUpdate: users.findForUpdate,
    insertUser: users.insert,
    updateUser: users.update,
    insertChange: changeJournalSql(defineUserChangeModel(sequelize)).insert,
    putView: userProjectionSql(defineUsersReadModel(sequelize)).replace,
  };
}
