import { callIdHeader, fromHeader, type Hashes, type HostPort, type SipRequest, type SipUri, type Target, toHeader } from '@opencpm/sip';

/** Enough that nobody finds one by trying. */
const sealDigits = 24;

/** `seal_caller_called`: who the two are is empty when requests reach him by his own URI. */
const tokenForm = /^([0-9a-f]{24})_([^_]*)_([^_]*)$/;

/** `u192.0.2.1!5060`, an IPv6 address with `~` in place of each colon. */
const placeForm = /^([ut])([0-9A-Fa-f.~]+)!(\d{1,5})$/;

/** A client without a proxy in front of it is reached by the flow that it has opened, whatever its Contact says. */
export interface DialogPlaces {
  readonly caller?: Target | undefined;
  readonly called?: Target | undefined;
}

/**
 * Proofs that a request belongs to a dialog which this server has let through: they stand in the user part of its
 * Record-Route and come back in the Route of whoever is in the dialog. The seal is a keyed digest over Call-ID and the
 * tag of the caller, so that a token is worth nothing for another dialog, and survives a restart.
 */
export class ProxyTokens {
  readonly #hashes: Hashes;
  readonly #key: Uint8Array;
  readonly #encoder = new TextEncoder();

  /** `key` is the secret of the installation. */
  constructor(hashes: Hashes, key: string) {
    this.#hashes = hashes;
    this.#key = this.#encoder.encode(`record-route ${key}`);
  }

  /** For the request that begins a dialog. */
  issue({ headers }: SipRequest, { caller, called }: DialogPlaces): string {
    const places = `${placeText(caller)}_${placeText(called)}`;
    return `${this.#seal(headers.value(callIdHeader), headers.value(fromHeader)?.tag, places)}_${places}`;
  }

  /** Whether that looks like a token; what it is worth `verify` says. */
  static isToken(uri: SipUri): boolean {
    return uri.user !== undefined && tokenForm.test(uri.user);
  }

  /** The request belongs to a dialog of which one of the URIs is a proof. Gives where its receiver is, if that is known. */
  verify({ headers }: SipRequest, uris: readonly SipUri[]): { readonly receiver: Target | undefined } | undefined {
    const callId = headers.value(callIdHeader);
    const from = headers.value(fromHeader)?.tag;
    const to = headers.value(toHeader)?.tag;
    if (to === undefined) return undefined;
    for (const { user = '' } of uris) {
      const [, seal, caller = '', called = ''] = tokenForm.exec(user) ?? [];
      if (seal === undefined) continue;
      const places = `${caller}_${called}`;
      if (this.#seal(callId, from, places) === seal) return { receiver: placeOf(called) };
      if (this.#seal(callId, to, places) === seal) return { receiver: placeOf(caller) };
    }
    return undefined;
  }

  #seal(callId: string | undefined, callerTag: string | undefined, places: string): string {
    const subject = this.#encoder.encode(`${callId ?? ''}\n${callerTag ?? ''}\n${places}`);
    return this.#hashes.hmacHex(this.#key, subject).slice(0, sealDigits);
  }
}

function placeText(place: Target | undefined): string {
  if (place === undefined) return '';
  const { host, port } = 'flow' in place ? place.flow.remote : place.address;
  const transport = 'flow' in place ? place.flow.transport : place.transport;
  const text = `${transport === 'UDP' ? 'u' : 't'}${host.replaceAll(':', '~')}!${port}`;
  // An address with a zone has no place in a URI.
  return placeForm.test(text) ? text : '';
}

function placeOf(text: string): Target | undefined {
  const [, transport, host = '', port] = placeForm.exec(text) ?? [];
  if (transport === undefined) return undefined;
  const address: HostPort = { host: host.replaceAll('~', ':'), port: Number(port) };
  return { transport: transport === 'u' ? 'UDP' : 'TCP', address };
}
