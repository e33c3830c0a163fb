import { describe, expect, it } from '@jest/globals';
import { clientNamed } from '../../../src/platform/http/client-address.ts';

describe('A client', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:4711', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:C000:0201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::9]:4711', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['1::ffff:192.0.2.1', '1:0:0:0::/64'],
  ])('at %s is %s', (address, client) => {
    expect(clientNamed(address)).toBe(client);
  });

  it.each([
    undefined,
    '',
    'unknown',
    '192.0.2.256',
    '192.0.2.1, 192.0.2.2',
    'for=192.0.2.1',
  ])('has no name at %s', (address) => {
    expect(clientNamed(address)).toBeNull();
  });
});
