import type { z } from 'zod';
import type { AdministrationResult } from '../administration.ts';
import type { PreferencesAdministration } from '../preferences-administration.ts';
import { preferencesSummary, ruleSummary } from './preferences-codec.ts';

type Ask = <Value>(shape: z.ZodType<Value>, method: string, path: string, body?: object) => Promise<AdministrationResult<Value>>;

/** The rules and lists of users as the server on the socket tells them. */
export function preferencesOver(ask: Ask): PreferencesAdministration {
  const path = (user: string, ...steps: readonly string[]) => ['/v1/users', ...[user, ...steps].map(encodeURIComponent)].join('/');
  return {
    of: (user) => ask(preferencesSummary, 'GET', path(user, 'preferences')),
    addRule: (user, rule) => ask(ruleSummary, 'POST', path(user, 'rules'), rule),
    removeRule: (user, id) => ask(preferencesSummary, 'DELETE', path(user, 'rules', id)),
    block: (user, uri) => ask(preferencesSummary, 'POST', path(user, 'blocked'), { uri }),
    unblock: (user, uri) => ask(preferencesSummary, 'DELETE', path(user, 'blocked', uri)),
    setProfile: (user, instance, media) =>
      media === undefined
        ? ask(preferencesSummary, 'DELETE', path(user, 'profiles', instance))
        : ask(preferencesSummary, 'PUT', path(user, 'profiles', instance), { media }),
    setBarred: (user, barred) => ask(preferencesSummary, barred ? 'PUT' : 'DELETE', path(user, 'bar')),
  };
}
