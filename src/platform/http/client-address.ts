import { isIP } from 'node:net';
import type { Request } from 'express';

/**
 * What a client is, to a limit: its IPv4 address, or the network of its IPv6 address (/64), of which a single client
 * has 2^64 addresses to choose from.
 */
export function clientOf(req: Request): string {
  // What a proxy that is trusted has written into `X-Forwarded-For` need not be an address.
  return clientNamed(req.ip) ?? clientNamed(req.socket.remoteAddress) ?? 'unknown';
}

/** @returns null when `text` is no address; some proxies add a port to it */
export function clientNamed(text: string | undefined): string | null {
  const address = text?.replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1').replace(/^\[(.*)\](?::\d+)?$/, '$1') ?? '';
  switch (isIP(address)) {
    case 4:
      return address;
    case 6:
      return networkOf(address);
    default:
      return null;
  }
}

function networkOf(address: string): string {
  // The URL parser knows every spelling of an address; it takes no zone.
  const { hostname } = new URL(`http://[${address.replace(/%.*$/, '')}]`);
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const before = groupsOf(head);
  const after = groupsOf(tail ?? '');
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  const groups = [...before, ...zeros, ...after];
  const [, , , , , marker, high = '', low = ''] = groups;
  const isMapped = marker === 'ffff' && groups.slice(0, 5).every((group) => group === '0');
  return isMapped ? ipv4Of(high, low) : `${groups.slice(0, 4).join(':')}::/64`;
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':');
}

function ipv4Of(high: string, low: string): string {
  return [high, low]
    .map((group) => Number.parseInt(group, 16))
    .flatMap((number) => [Math.floor(number / 256), number % 256])
    .join('.');
}
