import { labelled, type Scene } from './group.ts';
import type { Target } from './target.ts';

/** The largest database against the smallest. */
export function rowTargets(scene: Scene, comparison: string, label: string): readonly Target[] {
  const [smallest, largest] = [scene.databases[0], scene.databases.at(-1)];
  if (smallest === undefined || largest === undefined || smallest === largest) return [];
  const sizes = `${largest.users.toLocaleString('en')} users, of ${smallest.users.toLocaleString('en')}`;
  return [
    {
      title: `${comparison}${label === 'ours' ? '' : `, ${label}`}: ${sizes}`,
      comparison,
      of: labelled(label, scene, largest),
      over: labelled(label, scene, smallest),
      metric: 'requests/s',
      bound: { least: 0.9 },
    },
  ];
}
