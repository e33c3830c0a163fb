import { expect, it } from '@jest/globals';
import packageJson from '../../../package.json' with { type: 'json' };
import { find } from '../../helpers/openapi-document.ts';

it('openapi.yaml describes the version that the package has, by its own word and in the example of /health', () => {
  const described = find('info')?.value['version'];
  const shown = find('components', 'examples', 'healthy', 'value')?.value['version'];
  expect([described, shown]).toEqual([packageJson.version, packageJson.version]);
});
