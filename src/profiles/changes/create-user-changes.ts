import type { DatabaseReader } from '../../platform/database/database-reader.ts';
import { traced } from '../../platform/telemetry/traced.ts';
import type { Tracing } from '../../platform/telemetry/tracing.ts';
import type { UserQueries } from '../users/user-queries.ts';
import { SqlChangeQueries } from './sql-change-queries.ts';
import type { UserChangeModel } from './user-change-model.ts';
import { UserChangesController } from './user-changes-controller.ts';
import { userChangesRoutes } from './user-changes-routes.ts';
import { UserChangesService } from './user-changes-service.ts';

/** The journal of each user, from the database to the routes. */
export function createUserChanges(
  model: UserChangeModel,
  parts: {
    readonly reads: { readonly reader: DatabaseReader; readonly queries: Pick<UserQueries, 'find'> };
    readonly tracing: Tracing;
  },
) {
  const { reads, tracing } = parts;
  const queries = new SqlChangeQueries(model, reads.reader);
  const service = traced(tracing, 'changes', new UserChangesService(queries, reads.queries));
  return { router: userChangesRoutes(new UserChangesController(service)) };
}
