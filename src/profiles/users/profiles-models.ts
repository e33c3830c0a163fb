import type { ServiceDatabase } from '../../platform/database/service-database.ts';
import { defineUserChangeModel, type UserChangeModel } from '../changes/user-change-model.ts';
import { defineUsersReadModel, type UsersReadModel } from '../read-model/users-read-model.ts';
import { defineUserModel, type UserModel } from './user-model.ts';

/** The tables of the profile service. */
export interface ProfilesModels {
  /** What commands write. */
  readonly users: UserModel;
  /** What queries read. */
  readonly usersRead: UsersReadModel;
  /** The journal. */
  readonly changes: UserChangeModel;
}

export function defineProfilesModels({ sequelize }: Pick<ServiceDatabase, 'sequelize'>): ProfilesModels {
  return {
    users: defineUserModel(sequelize),
    usersRead: defineUsersReadModel(sequelize),
    changes: defineUserChangeModel(sequelize),
  };
}
