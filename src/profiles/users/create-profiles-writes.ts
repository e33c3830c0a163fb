import type { Clock } from '../../platform/clock.ts';
import type { ServiceDatabase } from '../../platform/database/service-database.ts';
import { IdempotentRequests } from '../../platform/http/idempotent-requests.ts';
import type { ProblemCatalogue } from '../../platform/http/problem-catalogue.ts';
import type { BackgroundWork } from '../../platform/http/service-host.ts';
import type { WriteObserver } from '../../platform/http/write-effects.ts';
import { recordIdempotency } from '../../platform/idempotency/idempotency-metrics.ts';
import { defineIdempotencyModel } from '../../platform/idempotency/idempotency-model.ts';
import { type IdempotencyEvent, IdempotentWrites } from '../../platform/idempotency/idempotent-writes.ts';
import { startKeyExpiry } from '../../platform/idempotency/key-expiry.ts';
import { SequelizeIdempotencyHousekeeping } from '../../platform/idempotency/sequelize-idempotency-housekeeping.ts';
import { idempotencySql, SqlIdempotencyStore } from '../../platform/idempotency/sql-idempotency-store.ts';
import type { Telemetry } from '../../platform/telemetry/create-telemetry.ts';
import { changeJournalSql, SqlChangeJournal } from '../changes/sql-change-journal.ts';
import { SqlUserProjection, userProjectionSql } from '../read-model/sql-user-projection.ts';
import type { ProfilesModels } from './profiles-models.ts';
import type { ProfilesRepositories } from './profiles-repositories.ts';
import { SqlUserRepository, userSql } from './sql-user-repository.ts';
import type { UserEffect } from './user-controller.ts';

/** How requests write: each in one transaction, with what the journal and the queries need, once for each key. */
export interface ProfilesWrites {
  readonly requests: IdempotentRequests<ProfilesRepositories, UserEffect>;
  /** Deletes keys whose time has passed. */
  start(): BackgroundWork;
}

/** @param options.idempotencyTtlMs how long an answer is kept under its key */
export function createProfilesWrites(options: {
  readonly database: ServiceDatabase;
  readonly models: ProfilesModels;
  readonly observer: WriteObserver<UserEffect>;
  readonly idempotencyTtlMs: number;
  readonly problems: ProblemCatalogue;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
}): ProfilesWrites {
  const { database, models, problems, telemetry, clock } = options;
  const keys = defineIdempotencyModel(database.sequelize);
  const [usersSql, changesSql, projectionSql, keysSql] = [
    userSql(models.users),
    changeJournalSql(models.changes),
    userProjectionSql(models.usersRead),
    idempotencySql(keys),
  ];
  const unitOfWork = database.unitOfWork<ProfilesRepositories>((statements) => ({
    users: new SqlUserRepository(usersSql, statements),
    changes: new SqlChangeJournal(changesSql, statements),
    projection: new SqlUserProjection(projectionSql, statements),
    idempotency: new SqlIdempotencyStore(keysSql, statements),
  }));

  const events = telemetry.stream<IdempotencyEvent>();
  recordIdempotency(events, telemetry.metrics);
  const housekeeping = new SequelizeIdempotencyHousekeeping(database.sequelize, keys);
  const writes = new IdempotentWrites(unitOfWork, housekeeping, { events, clock, ttlMs: options.idempotencyTtlMs });
  return {
    requests: new IdempotentRequests(
      writes,
      problems,
      ({ changes }, changeId) => changes.has(changeId),
      options.observer,
    ),
    start: () =>
      startKeyExpiry({
        housekeeping,
        clock,
        onError: (err) => telemetry.logger.warn({ err }, 'Expired idempotency keys could not be deleted'),
      }),
  };
}
