import type { Contender } from './comparison.ts';
import { type Group, labelled } from './group.ts';
import { create, update } from './plans.ts';
import { rowTargets } from './row-targets.ts';
import type { Target } from './target.ts';

const connections = 32;
const bare = 'bare + mysql2';

/** Behind all reads: it makes the databases larger. */
export const writes: Group = {
  id: 'writes',
  title: 'Writes',
  about:
    'Each in one transaction, without an `Idempotency-Key`. The bare server (`node:http` and mysql2) parses the body, checks nothing, and executes the very same statements, prepared, on a pool of ten connections: `BEGIN`; `INSERT INTO users`, or `SELECT … FOR UPDATE` and `UPDATE users`; `INSERT INTO user_changes`; `REPLACE INTO users_read`; `COMMIT`. What is created stays, so that the databases grow while this is measured.',
  comparisons: ['Create', 'Update'],
  prepare: async (scene) => {
    const creates: Contender[] = [];
    const updates: Contender[] = [];
    for (const rows of scene.databases) {
      const reference = labelled(bare, scene, rows);
      const plain = { server: await scene.servers.bareDatabase(rows.url), label: reference, connections };
      const ours = {
        server: await scene.servers.ours(rows.url),
        label: labelled('ours', scene, rows),
        against: reference,
        connections,
      };
      creates.push({ ...plain, ...create }, { ...ours, ...create });
      if (rows === scene.usual) updates.push({ ...plain, ...update(rows.users) }, { ...ours, ...update(rows.users) });
    }
    const ofUsual = (title: string, comparison: string): Target => ({
      title: `${title}, of bare \`node:http\` + mysql2`,
      comparison,
      of: labelled('ours', scene, scene.usual),
      over: labelled(bare, scene, scene.usual),
      metric: 'requests/s',
      bound: { least: 0.8 },
    });
    return {
      comparisons: [
        { name: 'Create', contenders: creates },
        { name: 'Update', contenders: updates },
      ],
      targets: [ofUsual('Create', 'Create'), ofUsual('Update', 'Update'), ...rowTargets(scene, 'Create', 'ours')],
    };
  },
};
