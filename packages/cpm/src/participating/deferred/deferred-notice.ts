import { formatMsginfo, type MsginfoMessage, type MsginfoOutcome } from '@opencpm/payloads';
import { Headers, type SipRequest } from '@opencpm/sip';
import { claimedAddress } from '../../common/addresses.ts';
import type { AnsweringFunction } from '../../common/answers.ts';
import { type Binding, isLive } from '../../common/binding.ts';
import { acceptContactFor, icsi } from '../../common/service-tags.ts';
import type { TerminatingContext } from '../terminating/terminating-message.ts';
import type { QueueEntry } from './deferred-message.ts';

/** User part of the address that manages deferred messages (decision 40). */
const managementUser = 'CPMDeferredMsgMgmt';

/**
 * Tells the user what became of a message of his after its expiry: each registered CPM Client by a system message
 * (B-8.3.1.6.8-05 to -10, -15 to -20), else the user out of band (B-8.3.1.6.8-11, -21). It is not owed: the standard
 * leaves it open (B-8.3.1.6.8-04, -14), so nobody waits for it and it is tried once.
 */
export function notifyAfterExpiry(entry: QueueEntry, outcome: MsginfoOutcome, context: TerminatingContext): void {
  const { ports, policy } = context;
  if (policy.expiryNotices === 'none') return;
  const now = ports.clock.now();
  const message = { ...deferredMessageSummary(entry), outcome };
  const clients = ports.registrations.of(entry.owner).filter((binding) => isLive(binding, now) && binding.services.size > 0);
  if (clients.length === 0) ports.outOfBand.notify(entry.owner, { kind: 'expired', message });
  for (const client of clients) send(client, entry, message, context);
}

/** What a notice or a list tells of a deferred message (wire facts 9.3); nothing of a sender who hides. */
export function deferredMessageSummary(entry: QueueEntry): MsginfoMessage {
  const { id, arrivedAt, expiresAt, originator, anonymous, request } = entry;
  const subject = request.headers.text('Subject');
  return {
    reference: id,
    dateTime: arrivedAt,
    size: request.body.length,
    expiry: expiresAt,
    from: claimedAddress(request),
    to: request.uri,
    ...(subject === undefined ? {} : { subject }),
    ...(anonymous || originator === undefined ? {} : { authenticatedOriginator: originator }),
  };
}

function send(client: Binding, entry: QueueEntry, message: MsginfoMessage, context: TerminatingContext): void {
  const { sipCore, ids, diagnostics } = context.ports;
  const names = ids.deliveryNames(`${entry.id} ${message.outcome}`, client.client, 0);
  const headers = Headers.of(
    ['Max-Forwards', '70'],
    ['From', `<${managementUri(context.self)}>;tag=${names.fromTag}`],
    ['To', `<${entry.request.uri}>`],
    ['Call-ID', names.callId],
    ['CSeq', `${names.sequence} MESSAGE`],
    // B-8.3.1.6.8-08: the function speaks in its own name.
    ['P-Asserted-Identity', `<${managementUri(context.self)}>`],
    ['P-Asserted-Service', icsi('systemmsg')],
    // B-8.3.1.6.8-06, decision 10: the tag of release 1.0 beside that of 2.x.
    ['Accept-Contact', acceptContactFor('systemmsg')],
    ['Accept-Contact', '*;+g.oma.cpm.system-message'],
    ['User-Agent', context.self.server],
    ['Content-Type', 'application/msginfo+xml'],
  );
  // B-8.3.1.6.8-07, -10: to the address of the recipient, about one message.
  const body = formatMsginfo({ number: 1, messages: [message] });
  const request: SipRequest = { kind: 'request', method: 'MESSAGE', uri: entry.request.uri, headers, body };
  sipCore
    .toClient(client, request, names.branch)
    .catch((error: unknown) => diagnostics.fault('tell a client of an expired message', String(error), entry.request));
}

function managementUri({ host }: AnsweringFunction): string {
  return `sip:${managementUser}@${host}`;
}
