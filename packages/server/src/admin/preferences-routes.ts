import { z } from 'zod';
import type { Administration } from '../administration.ts';
import { contact, newProfile, newRule } from './preferences-codec.ts';
import { type AdminAnswer, type AdminRequest, answer, type Handler, type Route, refusal, route } from './route.ts';

/** What can be asked of the rules and lists of a user, one row for each method of `PreferencesAdministration`. */
export const preferencesRoutes: readonly Route[] = [
  route('GET', '/users/:name/preferences', async ({ preferences }, _request, name) => answer(await preferences.of(name))),
  route(
    'POST',
    '/users/:name/rules',
    withBody(newRule, 'rule', ({ preferences }, name, rule) => preferences.addRule(name, rule)),
  ),
  route('DELETE', '/users/:name/rules/:id', async ({ preferences }, request, name) =>
    answer(await preferences.removeRule(name, lastOf(request))),
  ),
  route(
    'POST',
    '/users/:name/blocked',
    withBody(contact, 'contact', ({ preferences }, name, { uri }) => preferences.block(name, uri)),
  ),
  route('DELETE', '/users/:name/blocked/:uri', async ({ preferences }, request, name) =>
    answer(await preferences.unblock(name, lastOf(request))),
  ),
  route('PUT', '/users/:name/profiles/:instance', async (administration, request, name) => {
    const profile = newProfile.safeParse(request.body);
    if (!profile.success) return malformed('profile', profile.error);
    return answer(await administration.preferences.setProfile(name, lastOf(request), profile.data.media));
  }),
  route('DELETE', '/users/:name/profiles/:instance', async ({ preferences }, request, name) =>
    answer(await preferences.setProfile(name, lastOf(request), undefined)),
  ),
  route('PUT', '/users/:name/bar', async ({ preferences }, _request, name) => answer(await preferences.setBarred(name, true))),
  route('DELETE', '/users/:name/bar', async ({ preferences }, _request, name) => answer(await preferences.setBarred(name, false))),
];

function withBody<T>(
  shape: z.ZodType<T>,
  what: string,
  act: (administration: Administration, name: string, value: T) => Promise<Parameters<typeof answer>[0]>,
): Handler {
  return async (administration, request, name) => {
    const value = shape.safeParse(request.body);
    return value.success ? answer(await act(administration, name, value.data)) : malformed(what, value.error);
  };
}

function malformed(what: string, error: z.ZodError): AdminAnswer {
  return refusal(400, `Not a ${what}: ${z.prettifyError(error).replaceAll('\n', ' ')}`);
}

function lastOf({ segments }: AdminRequest): string {
  return segments.at(-1) ?? '';
}
