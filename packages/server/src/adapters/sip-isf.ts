import type { Isf } from '@opencpm/cpm';
import type { SipRequest, SipResponse, SipUri } from '@opencpm/sip';

/** The Interworking Selection Function as a SIP entity of its own: it gets requests directly, past the core (B-8.3.1.1-08, -27). */
export class SipIsf implements Isf {
  readonly #uri: SipUri;
  readonly #send: (request: SipRequest, nextHop: SipUri) => Promise<SipResponse>;

  /** `send` never rejects; who does not answer is a response too. */
  constructor(uri: SipUri, send: (request: SipRequest, nextHop: SipUri) => Promise<SipResponse>) {
    this.#uri = uri;
    this.#send = send;
  }

  async interwork(request: SipRequest): Promise<{ readonly kind: 'answered'; readonly response: SipResponse }> {
    return { kind: 'answered', response: await this.#send(request, this.#uri) };
  }
}
