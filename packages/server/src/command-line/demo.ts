import { randomInt } from 'node:crypto';

import type { Configuration, ConfiguredUser } from '../configuration/configuration.ts';
import { resolveConfiguration } from '../configuration/resolve.ts';
import { configurationSchema } from '../configuration/schema.ts';

/** Below .local, so that nobody's real domain is meant. */
const demoDomain = 'opencpm.local';

const demoUserNames = ['alice', 'bob', 'carol'] as const;

/** 12 of 54 letters and digits: 69 bits. */
const demoPasswordLength = 12;

/** Without the letters and digits that are taken for one another (0 O, 1 l I, and their likes). */
const passwordAlphabet = 'abcdefghijkmnpqrstuvwxyzACDEFGHJKLMNPQRTUVWXYZ234679';

/** The server of `opencpm start` in a folder without a configuration file: loopback only, database in ./data. */
export function demoConfiguration(directory: string): Configuration {
  return resolveConfiguration(configurationSchema.parse({ domain: demoDomain, log: { level: 'warn' } }), directory);
}

/** The users of the demo with new passwords. */
export function newDemoUsers(): readonly ConfiguredUser[] {
  return demoUserNames.map((user) => ({ user, password: newPassword(), identities: [`sip:${user}@${demoDomain}`], loopbackOnly: true }));
}

export function newPassword(): string {
  return Array.from({ length: demoPasswordLength }, () => passwordAlphabet[randomInt(passwordAlphabet.length)]).join('');
}
