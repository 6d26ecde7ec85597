import { z } from 'zod';

/**
 * The shapes of ../administration.ts as they come back over the socket: what the client checks before it believes an
 * answer, and what the server checks before it believes a request.
 */
export const newUser = z.strictObject({
  user: z.string().min(1).max(64),
  password: z.string().min(1).max(256),
  identities: z.array(z.string().max(512)).max(64),
});

const nodeSummary = z.object({
  name: z.string(),
  state: z.enum(['alive', 'gone', 'stopped']),
  since: z.string().exactOptional(),
  leaseUntil: z.string().exactOptional(),
  bindings: z.number(),
});

export const serverStatus = z.object({
  version: z.string(),
  domain: z.string(),
  startedAt: z.string(),
  listen: z.array(z.string()),
  storage: z.object({ engine: z.enum(['sqlite', 'postgres']), schema: z.number() }),
  users: z.number(),
  bindings: z.number(),
  unreachableBindings: z.number(),
  deferredMessages: z.number(),
  outboxRows: z.number(),
  absentAdapters: z.array(z.object({ port: z.string(), instead: z.string() })),
  nodes: z.array(nodeSummary).exactOptional(),
});

const bindingSummary = z.object({
  contact: z.string(),
  instance: z.string().exactOptional(),
  transport: z.string(),
  source: z.string(),
  expiresAt: z.string(),
  unreachable: z.boolean(),
  features: z.array(z.string()),
});

export const userSummary = z.object({
  user: z.string(),
  identities: z.array(z.string()),
  source: z.enum(['configuration', 'database', 'demo']),
  bindings: z.array(bindingSummary),
  waiting: z.number(),
});

export const userCredentials = z.object({
  user: z.string(),
  realm: z.string(),
  ha1: z.object({ MD5: z.string(), 'SHA-256': z.string() }),
  identities: z.array(z.string()),
  listen: z.array(z.string()),
});

export const queuedMessageSummary = z.object({
  messageUriId: z.string(),
  user: z.string(),
  from: z.string().exactOptional(),
  arrivedAt: z.string(),
  expiresAt: z.string(),
  sizeOctets: z.number(),
  mode: z.literal('pager'),
  attempts: z.number(),
  clients: z.array(
    z.object({
      client: z.string(),
      attempts: z.number(),
      status: z.number().exactOptional(),
      nextTryAt: z.string().exactOptional(),
    }),
  ),
});

export const queuedMessage = queuedMessageSummary.extend({
  conversationId: z.string().exactOptional(),
  contributionId: z.string().exactOptional(),
  imdnMessageId: z.string().exactOptional(),
  contentType: z.string(),
  text: z.string().exactOptional(),
});

/** The result around a value, whose shape depends on what was asked. */
export const administrationResult = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('done'), value: z.unknown() }),
  z.object({ kind: z.literal('not-found'), text: z.string() }),
  z.object({ kind: z.literal('refused'), text: z.string() }),
  z.object({ kind: z.literal('fault'), text: z.string(), temporary: z.boolean() }),
]);
