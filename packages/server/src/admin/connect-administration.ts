import type { ClientRequest, IncomingMessage } from 'node:http';
import { connect } from 'node:net';

import type { z } from 'zod';

import type { Administration, AdministrationResult, NewUser, ServerStatus } from '../administration.ts';
import type { MessageStoreAdministration } from '../message-store-administration.ts';
import { request } from '../node-http.ts';
import type { PreferencesAdministration } from '../preferences-administration.ts';
import { administrationResult, queuedMessage, queuedMessageSummary, serverStatus, userCredentials, userSummary } from './codec.ts';
import { answerTimeoutMilliseconds, maxAnswerBytes } from './limits.ts';
import { messageStoreOver } from './message-store-over-socket.ts';
import { preferencesOver } from './preferences-over-socket.ts';
import { usableSocketPath } from './socket-path.ts';

/** The running server went away, or answered what it should not; the message says which. */
export class AdministrationUnreachable extends Error {}

/**
 * The administration of the server that listens on that socket; undefined when none does. Rejects with
 * AdministrationUnreachable when one may be there but this user may not speak to it.
 */
export async function connectAdministration(socketPath: string): Promise<Administration | undefined> {
  return (await someoneListens(socketPath)) ? new SocketAdministration(socketPath) : undefined;
}

/** Whether a process accepts connections there: a socket without a process behind it refuses them. */
export async function someoneListens(socketPath: string): Promise<boolean> {
  const path = usableSocketPath(socketPath);
  if (path === undefined) return false;
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => {
      const code = 'code' in error ? error.code : undefined;
      if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTSOCK' || code === 'ENOTDIR') resolve(false);
      else reject(new AdministrationUnreachable(`${socketPath}: ${error.message} (run this as the user who runs the server)`));
    });
  });
}

const notUnderstood = {
  kind: 'fault',
  text: 'The server answered something else than was asked (is it another version?).',
  temporary: false,
} as const;

class SocketAdministration implements Administration {
  readonly preferences: PreferencesAdministration;
  readonly messageStore: MessageStoreAdministration;
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
    this.preferences = preferencesOver((shape, method, path, body) => this.#ask(shape, method, path, body));
    this.messageStore = messageStoreOver((shape, method, path) => this.#ask(shape, method, path));
  }

  async status(): Promise<ServerStatus> {
    const parsed = serverStatus.safeParse(await this.#exchange('GET', '/v1/status'));
    if (!parsed.success) throw new AdministrationUnreachable('The server answered something that is no status (is it another version?).');
    return parsed.data;
  }

  users() {
    return this.#ask(userSummary.array(), 'GET', '/v1/users');
  }

  addUser(user: NewUser) {
    return this.#ask(userSummary, 'POST', '/v1/users', user);
  }

  removeUser(name: string) {
    return this.#ask(userSummary, 'DELETE', `/v1/users/${encodeURIComponent(name)}`);
  }

  credentials(name: string) {
    return this.#ask(userCredentials, 'GET', `/v1/users/${encodeURIComponent(name)}/credentials`);
  }

  queue(filter: { readonly user?: string; readonly limit: number }) {
    const query = new URLSearchParams({ limit: String(filter.limit), ...(filter.user === undefined ? {} : { user: filter.user }) });
    return this.#ask(queuedMessageSummary.array(), 'GET', `/v1/queue?${query}`);
  }

  queuedMessage(messageUriId: string) {
    return this.#ask(queuedMessage, 'GET', `/v1/queue/${encodeURIComponent(messageUriId)}`);
  }

  dropQueuedMessage(messageUriId: string) {
    return this.#ask(queuedMessageSummary, 'DELETE', `/v1/queue/${encodeURIComponent(messageUriId)}`);
  }

  async #ask<Value>(shape: z.ZodType<Value>, method: string, path: string, body?: object): Promise<AdministrationResult<Value>> {
    const answer = await this.#exchange(method, path, body).catch((error: unknown) => {
      if (error instanceof AdministrationUnreachable) return { kind: 'fault', text: error.message, temporary: true };
      throw error;
    });
    const result = administrationResult.safeParse(answer);
    if (!result.success) return notUnderstood;
    if (result.data.kind !== 'done') return result.data;
    const value = shape.safeParse(result.data.value);
    return value.success ? { kind: 'done', value: value.data } : notUnderstood;
  }

  /** One request and the JSON of its answer. */
  async #exchange(method: string, path: string, body?: object): Promise<unknown> {
    const octets = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = octets === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': octets.length };
    const signal = AbortSignal.timeout(answerTimeoutMilliseconds);
    try {
      const outgoing = request({ socketPath: usableSocketPath(this.#socketPath) ?? '', method, path, headers, signal });
      const response = responseTo(outgoing);
      outgoing.end(octets);
      return JSON.parse(await textOf(await response));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new AdministrationUnreachable(`The server on ${this.#socketPath} did not answer: ${reason}`, { cause: error });
    }
  }
}

function responseTo(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.on('response', resolve);
    outgoing.on('error', reject);
  });
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    const octets = Buffer.from(chunk);
    bytes += octets.length;
    if (bytes > maxAnswerBytes) throw new Error(`the answer is longer than ${maxAnswerBytes} bytes`);
    chunks.push(octets);
  }
  return Buffer.concat(chunks).toString('utf8');
}
