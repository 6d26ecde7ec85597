import {
  type ClientRefusal,
  contributionId,
  conversationId,
  type DeferredMessage,
  messageId,
  messageUriId,
  type QueuedDelivery,
  type QueueEntry,
  userId,
} from '@opencpm/cpm';
import type { Row, Statement } from '../database.ts';
import { numberOf, octetsOf, optionalNumberOf, optionalTextOf, textOf } from './row.ts';
import { requestFromOctets } from './stored-request.ts';

/** Characters; PostgreSQL indexes no more than 2,704 octets. A message of a conversation with a longer id has none, and no order. */
const maxConversationIdLength = 512;

/** The columns of a message, with the alias `m`. */
export const messageColumns = `m.owner, m.message_uri_id, m.position, m.mode, m.kind, m.originator, m.anonymous, m.conversation_id,
  m.contribution_id, m.imdn_message_id, m.arrived_at, m.expires_at, m.request`;

/** What is kept of one client beside a message, with the alias `a`; all null when it was not asked. */
export const attemptColumns = 'a.client, a.attempt, a.status, a.pause, a.retry_at, a.refused_by';

/** Takes the position that the statement before has counted up. */
export function insertMessage(message: DeferredMessage, request: Uint8Array): Statement {
  const { conversationId: conversation } = message;
  return {
    sql: `INSERT INTO deferred_messages (owner, message_uri_id, position, mode, kind, originator, anonymous, conversation_id,
      contribution_id, imdn_message_id, arrived_at, expires_at, request)
      SELECT ?, ?, position, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM queue_sizes WHERE owner = ? ON CONFLICT DO NOTHING`,
    expectRows: 1,
    parameters: [
      message.owner,
      message.id,
      message.mode,
      message.kind,
      message.originator ?? null,
      message.anonymous ? 1 : 0,
      conversation === undefined || conversation.length > maxConversationIdLength ? null : conversation,
      message.contributionId ?? null,
      message.messageId ?? null,
      message.arrivedAt,
      message.expiresAt,
      request,
      message.owner,
    ],
  };
}

export function entryOf(row: Row): QueueEntry {
  const conversation = optionalTextOf(row, 'conversation_id');
  const contribution = optionalTextOf(row, 'contribution_id');
  const imdn = optionalTextOf(row, 'imdn_message_id');
  return {
    owner: userId(textOf(row, 'owner')),
    id: messageUriId(textOf(row, 'message_uri_id')),
    mode: 'pager',
    kind: textOf(row, 'kind') === 'notification' ? 'notification' : 'message',
    originator: optionalTextOf(row, 'originator'),
    anonymous: numberOf(row, 'anonymous') === 1,
    conversationId: conversation === undefined ? undefined : conversationId(conversation),
    contributionId: contribution === undefined ? undefined : contributionId(contribution),
    messageId: imdn === undefined ? undefined : messageId(imdn),
    arrivedAt: numberOf(row, 'arrived_at'),
    expiresAt: numberOf(row, 'expires_at'),
    request: requestFromOctets(octetsOf(row, 'request')),
  };
}

export function deliveryOf(row: Row): QueuedDelivery {
  return { ...entryOf(row), position: numberOf(row, 'position'), ...attemptOf(row) };
}

export function attemptOf(row: Row): Pick<QueuedDelivery, 'attempt' | 'refusal'> {
  const attempt = optionalNumberOf(row, 'attempt');
  if (attempt === undefined) return { attempt: 0, refusal: undefined };
  const refusal: ClientRefusal = {
    status: optionalNumberOf(row, 'status'),
    pauseMilliseconds: numberOf(row, 'pause'),
    retryAt: numberOf(row, 'retry_at'),
    refusedBy: optionalTextOf(row, 'refused_by'),
  };
  return { attempt, refusal };
}
