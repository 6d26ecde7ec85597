import { z } from 'zod';

import type { Administration, AdministrationResult } from '../administration.ts';
import { newUser } from './codec.ts';
import { maxQueueRows } from './limits.ts';

export interface AdminRequest {
  readonly method: string;
  /** Path segments after `/v1`, unescaped: `['users', 'alice']`. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  /** The parsed JSON; undefined when there was no body. */
  readonly body: unknown;
}

export interface AdminAnswer {
  readonly status: number;
  readonly body: unknown;
}

type Handler = (administration: Administration, request: AdminRequest, name: string) => Promise<AdminAnswer>;

interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** `:name` stands for one segment, given to the handler. */
  readonly path: readonly string[];
  readonly handle: Handler;
}

/** Everything that can be asked on the socket, one row for each method of `Administration`. */
const routes: readonly Route[] = [
  route('GET', '/status', async (administration) => ({ status: 200, body: await administration.status() })),
  route('GET', '/users', async (administration) => answer(await administration.users())),
  route('POST', '/users', addUser),
  route('DELETE', '/users/:name', async (administration, _request, name) => answer(await administration.removeUser(name))),
  route('GET', '/users/:name/credentials', async (administration, _request, name) => answer(await administration.credentials(name))),
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

/** The body of every answer that is not from `Administration` itself. */
export function refusal(status: number, text: string): AdminAnswer {
  return { status, body: { kind: status === 404 ? 'not-found' : 'refused', text } };
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

function answer(result: AdministrationResult<unknown>): AdminAnswer {
  return { status: statusOf(result), body: result };
}

function statusOf(result: AdministrationResult<unknown>): number {
  if (result.kind === 'fault') return result.temporary ? 503 : 500;
  return { done: 200, 'not-found': 404, refused: 409 }[result.kind];
}

function route(method: Route['method'], path: string, handle: Handler): Route {
  return { method, path: path.slice(1).split('/'), handle };
}

function matches(path: readonly string[], segments: readonly string[]): boolean {
  return path.length === segments.length && path.every((step, index) => step === ':name' || step === segments[index]);
}
