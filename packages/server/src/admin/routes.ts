import { z } from 'zod';

import type { Administration } from '../administration.ts';
import { newUser } from './codec.ts';
import { maxQueueRows } from './limits.ts';
import { messageStoreRoutes } from './message-store-routes.ts';
import { preferencesRoutes } from './preferences-routes.ts';
import { type AdminAnswer, type AdminRequest, answer, type Route, refusal, route } from './route.ts';

/** Everything that can be asked on the socket, one row for each method of `Administration`. */
const routes: readonly Route[] = [
  route('GET', '/status', async (administration) => ({ status: 200, body: await administration.status() })),
  route('GET', '/users', async (administration) => answer(await administration.users())),
  route('POST', '/users', addUser),
  route('DELETE', '/users/:name', async (administration, _request, name) => answer(await administration.removeUser(name))),
  route('GET', '/users/:name/credentials', async (administration, _request, name) => answer(await administration.credentials(name))),
  ...preferencesRoutes,
  ...messageStoreRoutes,
  route('GET', '/queue', listQueue),
  route('GET', '/queue/:name', async (administration, _request, name) => answer(await administration.queuedMessage(name))),
  route('DELETE', '/queue/:name', async (administration, _request, name) => answer(await administration.dropQueuedMessage(name))),
];

/** Finds the route and asks; a path or method that is not there is an answer too. */
export async function answerRequest(administration: Administration, request: AdminRequest): Promise<AdminAnswer> {
  const here = routes.filter((candidate) => matches(candidate.path, request.segments));
  const found = here.find((candidate) => candidate.method === request.method);
  if (found === undefined) return here.length > 0 ? refusal(405, 'This path knows another method.') : refusal(404, 'No such path.');
  return found.handle(administration, request, request.segments[found.path.indexOf(':name')] ?? '');
}

async function addUser(administration: Administration, request: AdminRequest): Promise<AdminAnswer> {
  const user = newUser.safeParse(request.body);
  if (!user.success) return refusal(400, `Not a user: ${z.prettifyError(user.error).replaceAll('\n', ' ')}`);
  return answer(await administration.addUser(user.data));
}

async function listQueue(administration: Administration, request: AdminRequest): Promise<AdminAnswer> {
  const limit = z.coerce.number().int().min(1).max(maxQueueRows).safeParse(request.query.get('limit'));
  if (!limit.success) return refusal(400, `The limit is a whole number from 1 to ${maxQueueRows}.`);
  const user = request.query.get('user');
  return answer(await administration.queue({ limit: limit.data, ...(user === null ? {} : { user }) }));
}

function matches(path: readonly string[], segments: readonly string[]): boolean {
  return path.length === segments.length && path.every((step, index) => step.startsWith(':') || step === segments[index]);
}
