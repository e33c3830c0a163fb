import Joi from 'joi';
import { count } from '../../platform/config/setting-types.ts';
import type { UserCacheConfig } from './create-user-cache.ts';

export interface UserCacheSettings {
  CACHE_TTL_SECONDS: number;
  CACHE_MEMORY_ENTRIES_MAX: number;
  CACHE_MEMORY_MIB_MAX: number;
  CACHE_KEY_PREFIX: string;
}

export const userCacheKeys = {
  CACHE_TTL_SECONDS: Joi.number()
    .integer()
    .min(1)
    .max(86_400)
    .default(3_600)
    .description('How long a profile is kept in a cache, unless it changes'),
  CACHE_MEMORY_ENTRIES_MAX: count
    .min(0)
    .max(1_000_000)
    .default(10_000)
    .description('Profiles that a process keeps in memory at most, room for which is taken at the start; 0: none'),
  CACHE_MEMORY_MIB_MAX: Joi.number()
    .integer()
    .min(1)
    .max(65_536)
    .default(64)
    .description('MiB of memory that they take at most, about'),
  CACHE_KEY_PREFIX: Joi.string()
    .pattern(/^[\x21-\x7e]{1,100}$/)
    .default('user-service||user-')
    .description('What the names of profiles in Redis begin with; another one for each database'),
};

export function toUserCacheConfig(settings: UserCacheSettings): UserCacheConfig {
  return Object.freeze({
    ttlMs: settings.CACHE_TTL_SECONDS * 1_000,
    entriesMax: settings.CACHE_MEMORY_ENTRIES_MAX,
    bytesMax: settings.CACHE_MEMORY_MIB_MAX * 2 ** 20,
    keyPrefix: settings.CACHE_KEY_PREFIX,
  });
}
