import type { Administration, AdministrationResult } from '../administration.ts';

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

export type Handler = (administration: Administration, request: AdminRequest, name: string) => Promise<AdminAnswer>;

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** A step that begins with a colon stands for one segment; `:name` is given to the handler. */
  readonly path: readonly string[];
  readonly handle: Handler;
}

export function route(method: Route['method'], path: string, handle: Handler): Route {
  return { method, path: path.slice(1).split('/'), handle };
}

/** The body of every answer that is not from `Administration` itself. */
export function refusal(status: number, text: string): AdminAnswer {
  return { status, body: { kind: status === 404 ? 'not-found' : 'refused', text } };
}

export function answer(result: AdministrationResult<unknown>): AdminAnswer {
  return { status: statusOf(result), body: result };
}

function statusOf(result: AdministrationResult<unknown>): number {
  if (result.kind === 'fault') return result.temporary ? 503 : 500;
  return { done: 200, 'not-found': 404, refused: 409 }[result.kind];
}
