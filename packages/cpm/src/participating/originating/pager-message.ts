import { dateHeader, expiresHeader, Malformed, requestUri, retryAfterHeader, type SipRequest, type SipResponse } from '@opencpm/sip';
import { type AnsweringFunction, answer, forbidden, type Refusal, refuse, warnings } from '../../common/answers.ts';
import { becomeCpmMessage } from '../../common/become-cpm-message.ts';
import { messageUidHeaderName } from '../../common/cpm-headers.ts';
import { negativeDeliveryNotification } from '../../common/disposition/notification-of-function.ts';
import { hideSender } from '../../common/hide-sender.ts';
import { meetsMinimum, releaseIn } from '../../common/release.ts';
import { icsi, serviceOf } from '../../common/service-tags.ts';
import { readStandaloneMessage, type StandaloneMessage } from '../../common/standalone-message.ts';
import type { ServedRequest } from '../../ports.ts';
import { recordsHistory } from '../../preferences/preferences.ts';
import type { ServiceProviderPolicy } from '../../service-provider-policy.ts';
import type { OriginatingPorts } from '../participating-ports.ts';
import { anonymousOriginator } from './anonymous-originator.ts';

export interface OriginatingContext {
  readonly ports: OriginatingPorts;
  readonly policy: Pick<ServiceProviderPolicy, 'anonymity' | 'minRelease'>;
  readonly self: AnsweringFunction;
}

/**
 * Handle a Pager Mode CPM Standalone Message of the served user (8.2.1.1), by analogy with E 8.2.1.2 and in the order
 * of wire facts 8.1. The core has authenticated the sender and asserted his identity. Resolves with the final answer.
 */
export async function handlePagerModeStandaloneMessage(served: ServedRequest, context: OriginatingContext): Promise<SipResponse> {
  const { ports, policy, self } = context;
  // Step 1, E-8.2.1.2-01: may this user send?
  if (!ports.authorisation.mayOriginate(served.servedUser)) return refuse(served.request, forbidden(warnings.serviceNotAuthorised), self);
  // Step 2, E-8.2.1.2-02: release.
  if (!meetsMinimum(releaseIn(served.request.headers.text('User-Agent')), policy.minRelease)) {
    return refuse(served.request, forbidden(warnings.versionNotSupported), self);
  }
  // A plain MESSAGE of one of our users becomes a CPM message here.
  const become = becomeCpmMessage(served.request, ports, served.arrivedAt);
  if (become.kind === 'refused') return refuse(served.request, become.refusal, self);
  const message = readStandaloneMessage(become.request);
  // Step 3, E-8.2.1.2-03: anonymity.
  if (message.anonymous && policy.anonymity === 'refuse') return refuse(become.request, forbidden(warnings.anonymityNotAllowed), self);
  // Step 4, E-8.2.1.2-04 by analogy, RFC 3428 §7: is it still valid?
  if (expired(become.request, served.arrivedAt)) return refuseExpired(served, message, context);
  // Step 5, E-8.2.1.2-11 to -13 by analogy: service value assertion.
  const asserted = assertService(become.request);
  if (asserted === undefined) return refuse(become.request, forbidden(warnings.functionNotAllowed), self);
  // Step 6: as a proxy would, the request goes on with its own names; one who hides is not recognised by them.
  const request = message.anonymous ? hideSender(asserted, message.cpim, `${ports.ids.unique()}@${self.host}`) : asserted;
  // Steps 7 and 8: to the ISF or to the core.
  const response = await sendToRecipient({ ...served, request }, message, context);
  // Step 9: the three identity headers, Server, and the Message-UID of the sender's own store, when there is one.
  return answerSender({ ...served, request: asserted }, response, context);
}

/** Onward as addressed, but for a notification to a sender who hides (decision 34): his address is in the Request-URI only. */
async function sendToRecipient(served: ServedRequest, message: StandaloneMessage, context: OriginatingContext): Promise<SipResponse> {
  const originator = await anonymousOriginator(served, message, context.ports.anonymousOriginators);
  if (originator === undefined) return sendOnward(served, context);
  if (typeof originator === 'object') return refuse(served.request, { status: 503, retryAfterSeconds: 30 }, context.self);
  const response = await sendOnward({ ...served, request: { ...served.request, uri: originator } }, context);
  // A Warning names a host of the originator’s side, and may tell of his rules.
  return { ...response, headers: response.headers.without('Warning') };
}

/** The message is valid for Expires seconds after its Date; without Date the seconds have only begun (RFC 3428 §7). */
function expired(request: SipRequest, now: number): boolean {
  const expires = request.headers.value(expiresHeader);
  const date = request.headers.value(dateHeader);
  return expires !== undefined && (expires === 0 || (date !== undefined && date + expires * 1000 <= now));
}

/** 480, and the notice that the sender asked for; durable before the answer. */
async function refuseExpired(served: ServedRequest, message: StandaloneMessage, context: OriginatingContext): Promise<SipResponse> {
  const { ports, self } = context;
  const notified = { owner: served.servedUser, recipientUri: served.request.uri, message, arrivedAt: served.arrivedAt };
  const owed = negativeDeliveryNotification(notified, ports.clock.now(), context);
  const fault = owed === undefined ? undefined : await ports.outbox.owe(owed);
  if (fault !== undefined) return refuse(served.request, { status: 503, retryAfterSeconds: 30 }, self);
  return refuse(served.request, { status: 480 }, self);
}

/** P-Preferred-Service goes, P-Asserted-Service comes. Undefined: another service than that of a standalone message. */
function assertService(request: SipRequest): SipRequest | undefined {
  const { headers } = request;
  const preferred = headers.text('P-Preferred-Service') ?? headers.text('P-Asserted-Service');
  const service = preferred === undefined ? 'msg' : serviceOf(preferred.trim());
  if (service !== 'msg' && service !== 'msg.group') return undefined;
  return { ...request, headers: headers.without('P-Preferred-Service').with('P-Asserted-Service', icsi(service)) };
}

/** Step 7, E-8.2.1.2-26: what is neither a SIP nor a tel address is the ISF's; step 8: all else the core's. */
async function sendOnward(served: ServedRequest, context: OriginatingContext): Promise<SipResponse> {
  const { request, servedUser, hops } = served;
  const { ports, self } = context;
  const target = requestUri(request);
  if (target instanceof Malformed) return refuse(request, { status: 400 }, self);
  if (target.kind !== 'other') return ports.sipCore.onward(request, [...hops, { user: servedUser, case: 'originating' }]);
  const outcome = await ports.isf.interwork(request);
  // Nobody here takes that scheme (RFC 3261 §21.4.14), and there is no recipient to defer it for.
  return outcome.kind === 'absent' ? refuse(request, { status: 416 }, self) : outcome.response;
}

async function answerSender(served: ServedRequest, response: SipResponse, context: OriginatingContext): Promise<SipResponse> {
  const { ports, self } = context;
  const { request, servedUser, arrivedAt } = served;
  ports.charging.outcome({ servedUser, case: 'originating', status: response.status, outcome: outcomeOf(response.status) });
  if (response.status >= 300) return refuse(request, refusalOf(response), self);
  const accepted = answer(request, response.status, self);
  // Step 10, own-device copies: a policy of the next release.
  // A-8.5.1-07 (4.a.ii): recorded on the originating side, the UID of the sender's own store goes back.
  if (!recordsHistory(await ports.preferences.of(servedUser), arrivedAt)) return accepted;
  const recorded = await ports.recording.record(servedUser, request, 'sent');
  if (recorded.kind !== 'recorded') return accepted;
  return { ...accepted, headers: accepted.headers.with(messageUidHeaderName, String(recorded.uid)) };
}

function outcomeOf(status: number): 'delivered' | 'deferred' | 'refused' {
  if (status >= 300) return 'refused';
  return status === 202 ? 'deferred' : 'delivered';
}

/** A refusal from further on keeps its Warning and Retry-After. */
function refusalOf(response: SipResponse): Refusal {
  const retryAfter = response.headers.value(retryAfterHeader);
  const warning = response.headers.text('Warning');
  return {
    status: response.status,
    ...(warning === undefined ? {} : { foreignWarning: warning }),
    ...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter.seconds }),
  };
}
