import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { dirname } from 'node:path';

import type { Administration } from '../administration.ts';
import { createServer } from '../node-http.ts';
import { someoneListens } from './connect-administration.ts';
import { maxConnections, maxRequestBytes, requestTimeoutMilliseconds } from './limits.ts';
import { type AdminAnswer, refusal } from './route.ts';
import { answerRequest } from './routes.ts';
import { usableSocketPath } from './socket-path.ts';

export type ServingAdministration =
  | { readonly kind: 'serving'; close(): Promise<void> }
  /** The socket could not be had; the text names the remedy. */
  | { readonly kind: 'fault'; readonly text: string };

/**
 * HTTP with JSON on a unix socket that only this user may open (mode 0600). A socket left behind by a dead server is
 * replaced; one on which a server answers is a fault.
 */
export async function serveAdministration(
  administration: Administration,
  socketPath: string,
  unexpected: (error: unknown) => void,
): Promise<ServingAdministration> {
  const path = usableSocketPath(socketPath);
  if (path === undefined)
    return { kind: 'fault', text: `The path of the socket ${socketPath} is too long (put the database in a shorter path).` };
  mkdirSync(dirname(socketPath), { recursive: true });
  if (await someoneListens(socketPath)) {
    return { kind: 'fault', text: `A server already answers on ${socketPath} (stop it, or use another database).` };
  }
  rmSync(socketPath, { force: true });
  const server = createServer({ requestTimeout: requestTimeoutMilliseconds, maxHeaderSize: 16_384 }, (request, response) => {
    respond(administration, request, response).catch((error: unknown) => {
      unexpected(error);
      response.destroy();
    });
  });
  server.maxConnections = maxConnections;
  const fault = await bind(server, path);
  return fault === undefined
    ? { kind: 'serving', close: () => closed(server) }
    : { kind: 'fault', text: `${socketPath}: ${fault.message}` };
}

/** The kernel creates the socket within listen(), under the mask of that moment: nobody else can ever open it. */
async function bind(server: Server, path: string): Promise<Error | undefined> {
  const bound = new Promise<Error | undefined>((resolve) => {
    server.once('error', resolve);
    server.once('listening', () => resolve(undefined));
  });
  const mask = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(mask);
  }
  const fault = await bound;
  if (fault === undefined) chmodSync(path, 0o600);
  return fault;
}

/** Stops taking requests and waits for the answers that are under way. */
async function closed(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

async function respond(administration: Administration, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = await answerTo(administration, request);
  const body = Buffer.from(`${JSON.stringify(answer.body)}\n`);
  response.writeHead(answer.status, { 'Content-Type': 'application/json', 'Content-Length': body.length, Connection: 'close' });
  response.end(body);
}

async function answerTo(administration: Administration, request: IncomingMessage): Promise<AdminAnswer> {
  const text = await bodyText(request);
  if (text === undefined) return refusal(413, `A request holds at most ${maxRequestBytes} bytes.`);
  const body = parsedJson(text);
  const url = parsedTarget(request.url ?? '/');
  if (body.kind === 'malformed') return refusal(400, 'The body is not JSON.');
  if (url === undefined) return refusal(404, 'No such path; they all begin with /v1/.');
  return answerRequest(administration, { method: request.method ?? '', ...url, body: body.value });
}

/** Undefined when the body is longer than allowed; what comes after the limit is not kept. */
async function bodyText(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const octets = Buffer.from(chunk);
    bytes += octets.length;
    if (bytes <= maxRequestBytes) chunks.push(octets);
  }
  return bytes <= maxRequestBytes ? Buffer.concat(chunks).toString('utf8') : undefined;
}

function parsedJson(text: string): { kind: 'json'; value: unknown } | { kind: 'malformed' } {
  if (text.trim() === '') return { kind: 'json', value: undefined };
  try {
    return { kind: 'json', value: JSON.parse(text) };
  } catch {
    return { kind: 'malformed' };
  }
}

function parsedTarget(target: string): { segments: readonly string[]; query: URLSearchParams } | undefined {
  const url = URL.parse(target, 'http://opencpm');
  const [empty, version, ...segments] = url?.pathname.split('/') ?? [];
  if (url === null || empty !== '' || version !== 'v1') return undefined;
  try {
    return { segments: segments.map(decodeURIComponent), query: url.searchParams };
  } catch {
    return undefined;
  }
}
