import { Malformed, requestUri, type SipRequest, type SipResponse } from '@opencpm/sip';
import { type AnsweringFunction, answer, forbidden, refusalOf, refuse, warnings } from '../../common/answers.ts';
import { becomeCpmMessage } from '../../common/become-cpm-message.ts';
import { messageUidHeaderName } from '../../common/cpm-headers.ts';
import { isExpired, refuseExpired } from '../../common/expiry-on-arrival.ts';
import { type HiddenBehind, hideSender } from '../../common/hide-sender.ts';
import { servesRelease } from '../../common/release.ts';
import { sentNames } from '../../common/sent-names.ts';
import { icsi, serviceOf } from '../../common/service-tags.ts';
import { readStandaloneMessage, type StandaloneMessage } from '../../common/standalone-message.ts';
import type { ServedRequest } from '../../ports.ts';
import { recordsHistory } from '../../preferences/preferences.ts';
import type { ServiceProviderPolicy } from '../../service-provider-policy.ts';
import type { OriginatingPorts } from '../participating-ports.ts';
import { anonymousOriginator, isToAnonymousOriginator } from './anonymous-originator.ts';
import { sendOwnDeviceCopies } from './own-device-copies.ts';

export interface OriginatingContext {
  readonly ports: OriginatingPorts;
  readonly policy: Pick<ServiceProviderPolicy, 'anonymity' | 'minRelease' | 'unknownRelease' | 'ownDeviceCopies'>;
  readonly self: AnsweringFunction;
}

/**
 * Handle a Pager Mode CPM Standalone Message of the served user (8.2.1.1), by analogy with E 8.2.1.2 and in the order
 * of wire facts 8.1. The core has authenticated the sender and asserted his identity. Resolves with the final answer.
 */
export async function handlePagerModeStandaloneMessage(served: ServedRequest, context: OriginatingContext): Promise<SipResponse> {
  const response = await handleMessage(served, context);
  const { status } = response;
  const { servedUser, request, arrivedAt } = served;
  context.ports.charging.outcome({ servedUser, case: 'originating', status, outcome: outcomeOf(status), request, arrivedAt });
  return response;
}

async function handleMessage(served: ServedRequest, context: OriginatingContext): Promise<SipResponse> {
  const { ports, policy, self } = context;
  // Step 1, E-8.2.1.2-01: may this user send?
  if (!ports.authorisation.mayOriginate(served.servedUser)) return refuse(served.request, forbidden(warnings.serviceNotAuthorised), self);
  // Step 2, E-8.2.1.2-02: release.
  if (!servesRelease(served.request.headers.text('User-Agent'), policy)) {
    return refuse(served.request, forbidden(warnings.versionNotSupported), self);
  }
  // A plain MESSAGE of one of our users becomes a CPM message here.
  const become = becomeCpmMessage(served.request, ports, served.arrivedAt);
  if (become.kind === 'refused') return refuse(served.request, become.refusal, self);
  const message = readStandaloneMessage(become.request);
  // Step 3, E-8.2.1.2-03: anonymity.
  if (message.anonymous && policy.anonymity === 'refuse') return refuse(become.request, forbidden(warnings.anonymityNotAllowed), self);
  // Step 4, E-8.2.1.2-04 by analogy, RFC 3428 §7: is it still valid?
  if (isExpired(become.request, served.arrivedAt)) return refuseExpired({ ...served, request: become.request }, message, context);
  // Step 5, E-8.2.1.2-11 to -13 by analogy: service value assertion.
  const asserted = assertService(become.request);
  if (asserted === undefined) return refuse(become.request, forbidden(warnings.functionNotAllowed), self);
  // Step 6: as a proxy would, the request goes on with its own names; one who hides is not recognised by them.
  const request = message.anonymous ? hideSender(asserted, message.cpim, hiddenBehind(served, context)) : asserted;
  // Steps 7 and 8: to the ISF or to the core.
  const response = await sendToRecipient({ ...served, request }, message, context);
  // Step 10: copies for the sender's other devices, on their own.
  if (response.status < 300) {
    const copies = sendOwnDeviceCopies({ ...served, request: asserted }, message, context);
    copies?.catch((error) => ports.diagnostics.fault('send copies to own devices', String(error), asserted));
  }
  // Step 9: the three identity headers, Server, and the Message-UID of the sender's own store, when there is one.
  return answerSender({ ...served, request: asserted }, response, context);
}

/** Names that tell nobody of the sender's, and are the same for what he sends again after a crash of this server. */
function hiddenBehind({ servedUser, request }: ServedRequest, { ports, self }: OriginatingContext): HiddenBehind {
  const { callId } = ports.ids.deliveryNames(['hidden', servedUser, ...sentNames(request.headers)].join('\n'), '', 0);
  return { callId: `${callId}@${self.host}`, userAgent: self.server };
}

/** Onward as addressed, but for a notification to a sender who hides (decision 34). */
function sendToRecipient(served: ServedRequest, message: StandaloneMessage, context: OriginatingContext): Promise<SipResponse> {
  return isToAnonymousOriginator(served.request, message) ? sendToHiddenSender(served, message, context) : sendOnward(served, context);
}

/** His address is in the Request-URI only. */
async function sendToHiddenSender(served: ServedRequest, message: StandaloneMessage, context: OriginatingContext): Promise<SipResponse> {
  const originator = await anonymousOriginator(served, message, context.ports.anonymousOriginators);
  if (originator === undefined) return sendOnward(served, context);
  if (typeof originator === 'object') return refuse(served.request, { status: 503, retryAfterSeconds: 30 }, context.self);
  const response = await sendOnward({ ...served, request: { ...served.request, uri: originator } }, context);
  // A Warning names a host of the originator’s side, and may tell of his rules.
  return { ...response, headers: response.headers.without('Warning') };
}

/**
 * P-Preferred-Service goes, P-Asserted-Service comes; a client may prefer several (RFC 6050 §4.2) and the first that is a
 * standalone message counts. Undefined: he wants another service. A Message-UID is of nobody's store who reads on.
 */
function assertService(request: SipRequest): SipRequest | undefined {
  const { headers } = request;
  const preferred = headers.text('P-Preferred-Service') ?? headers.text('P-Asserted-Service');
  const service =
    preferred === undefined
      ? 'msg'
      : preferred
          .split(',')
          .map((value) => serviceOf(value.trim()))
          .find(isStandalone);
  if (service === undefined) return undefined;
  const kept = headers.without('P-Preferred-Service').without(messageUidHeaderName);
  return { ...request, headers: kept.with('P-Asserted-Service', icsi(service)) };
}

function isStandalone(service: string | undefined): service is 'msg' | 'msg.group' {
  return service === 'msg' || service === 'msg.group';
}

/** Step 7, E-8.2.1.2-26: what is neither a SIP nor a tel address is the ISF's; step 8: all else the core's. */
function sendOnward(served: ServedRequest, context: OriginatingContext): Promise<SipResponse> {
  const { request, servedUser, hops } = served;
  const { ports, self } = context;
  const target = requestUri(request);
  if (target instanceof Malformed) return Promise.resolve(refuse(request, { status: 400 }, self));
  if (target.kind === 'other') return interwork(request, context);
  return ports.sipCore.onward(request, [...hops, { user: servedUser, case: 'originating' }]);
}

async function interwork(request: SipRequest, { ports, self }: OriginatingContext): Promise<SipResponse> {
  const outcome = await ports.isf.interwork(request);
  // Nobody here takes that scheme (RFC 3261 §21.4.14), and there is no recipient to defer it for.
  return outcome.kind === 'absent' ? refuse(request, { status: 416 }, self) : outcome.response;
}

async function answerSender(served: ServedRequest, response: SipResponse, context: OriginatingContext): Promise<SipResponse> {
  const { ports, self } = context;
  const { request, servedUser, arrivedAt } = served;
  if (response.status >= 300) return refuse(request, refusalOf(response), self);
  const accepted = answer(request, response.status, self);
  // A-8.5.1-07 (4.a.ii): recorded on the originating side, the UID of the sender's own store goes back.
  if (!recordsHistory(await ports.preferences.of(servedUser), arrivedAt)) return accepted;
  const recorded = await ports.recording.record(servedUser, request, 'sent');
  if (recorded.kind !== 'recorded') return accepted;
  recorded.copy.keep();
  return { ...accepted, headers: accepted.headers.with(messageUidHeaderName, String(recorded.copy.uid)) };
}

function outcomeOf(status: number): 'delivered' | 'deferred' | 'refused' {
  if (status >= 300) return 'refused';
  return status === 202 ? 'deferred' : 'delivered';
}
