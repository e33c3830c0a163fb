import { isIP } from 'node:net';

/**
 * Which proxies are believed about the address of the client: so many hops, counted from the service, or those at these
 * addresses. Never all: whoever sends the header first would choose their own address.
 */
export type ProxyTrust = number | readonly string[];

const hopsMax = 10;

/** @returns null when `text` is neither a number of hops nor a list of IP addresses and networks (CIDR), or means all */
export function parseProxyTrust(text: string): ProxyTrust | null {
  if (/^\d+$/.test(text)) {
    const hops = Number(text);
    return hops >= 1 && hops <= hopsMax ? hops : null;
  }
  const networks = text.split(',').map((part) => part.trim());
  return networks.every(isNetwork) ? networks : null;
}

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : 0;
  return bits >= 1 && bits <= (version === 4 ? 32 : 128);
}
