import { createHash } from 'node:crypto';

const COMPANIES = [
  'Aldermoor Works',
  'Brightwater Labs',
  'Corvid Systems',
  'Fenwick & Lowe',
  'Halden Optics',
  'Juniper Row',
  'Meridian Freight',
  'Northlight Energy',
];
const INDUSTRIES = ['Software', 'Logistics', 'Energy', 'Healthcare', 'Education', 'Manufacturing'];
const TITLES = [
  'Account Executive',
  'Data Analyst',
  'Head of Operations',
  'Platform Engineer',
  'Product Designer',
  'Product Manager',
  'Research Lead',
  'Site Reliability Engineer',
];
const LOCATIONS = [
  { city: 'Bergen', country: 'NO' },
  { city: 'Leipzig', country: 'DE' },
  { city: 'Lyon', country: 'FR' },
  { city: 'Nairobi', country: 'KE' },
  { city: 'Osaka', country: 'JP' },
  { city: 'Porto', country: 'PT' },
  { city: 'Toronto', country: 'CA' },
  { city: 'Valparaíso', country: 'CL' },
];
const INTERESTS = [
  'astronomy',
  'bouldering',
  'ceramics',
  'chess',
  'cycling',
  'gardening',
  'jazz',
  'photography',
  'sailing',
  'typography',
];
const INTEREST_COUNT = 3;

/** What the provider knows about a user: made up from a hash of the id, so the same user always gets the same data. */
export function enrichmentFor(userId: string) {
  const digest = createHash('sha256').update(userId).digest();
  /** Each field reads a byte of its own, so that the fields vary independently. */
  const pick = <T>(choices: readonly T[], byte: number) => choices[digest.readUInt8(byte) % choices.length];
  const firstInterest = digest.readUInt8(4);
  return {
    userId,
    company: pick(COMPANIES, 0),
    industry: pick(INDUSTRIES, 1),
    title: pick(TITLES, 2),
    location: pick(LOCATIONS, 3),
    interests: Array.from(
      { length: INTEREST_COUNT },
      (_, step) => INTERESTS[(firstInterest + step * 3) % INTERESTS.length],
    ),
    score: digest.readUInt8(5) % 101,
  };
}
