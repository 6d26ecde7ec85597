import {
  type Contact,
  contactHeader,
  emptyBody,
  expiresHeader,
  fromHeader,
  Headers,
  Parameters,
  type SipRequest,
  type SipResponse,
  sameUri,
  toHeader,
} from '@opencpm/sip';
import type { CoreLink } from '../core/core-link.ts';
import { type CpmService, icsiFeatureTag, icsiFeatureValue, instanceFeatureTag } from '../cpm.ts';
import type { OwnIdentity } from '../own-identity.ts';
import { ownContact } from '../sending/message-request.ts';

export interface RegisterDraft {
  readonly own: OwnIdentity;
  readonly services: readonly CpmService[];
  /** 0 de-registers. */
  readonly expiresSeconds: number;
  readonly callId: string;
  readonly tag: string;
}

/** The Contact that is registered: this device, and what it is for (3GPP TS 24.229 §5.1.1.2.1). */
export function registeredContact({ own, services }: Pick<RegisterDraft, 'own' | 'services'>, link: CoreLink): Contact {
  const contact = ownContact(own, link);
  return { ...contact, parameters: contact.parameters.withQuoted(icsiFeatureTag, icsiFeatureValue(services)) };
}

/** REGISTER of this device (RFC 3261 §10.2), but for CSeq and credentials. */
export function registerRequest(draft: RegisterDraft, contact: Contact): SipRequest {
  const { own, expiresSeconds, callId, tag } = draft;
  const address = { uri: own.uri, parameters: Parameters.empty };
  const headers = Headers.of(['Max-Forwards', '70'])
    .append(fromHeader, { ...address, tag })
    .append(toHeader, address)
    .append('Call-ID', callId)
    .append('CSeq', '1 REGISTER')
    .append(contactHeader, contact)
    .append(expiresHeader, expiresSeconds)
    .append('Allow', 'MESSAGE, OPTIONS')
    .append('Supported', 'path');
  return { kind: 'request', method: 'REGISTER', uri: own.registrar, headers, body: emptyBody };
}

/** How long the binding lives: what the 200 says of it, else what was asked for (RFC 3261 §10.2.4). */
export function grantedSeconds({ headers }: SipResponse, contact: Contact, asked: number): number {
  const bindings = headers.all(contactHeader);
  const own = bindings.kind === 'value' ? bindings.value.find((binding) => binding !== '*' && isSameBinding(binding, contact)) : undefined;
  const seconds = own === undefined || own === '*' ? undefined : own.expiresSeconds;
  return asked === 0 ? 0 : (seconds ?? headers.value(expiresHeader) ?? asked);
}

function isSameBinding(one: Contact, other: Contact): boolean {
  const instance = one.parameters.get(instanceFeatureTag);
  return instance === undefined ? sameUri(one.uri, other.uri) : instance === other.parameters.get(instanceFeatureTag);
}
