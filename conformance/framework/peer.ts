import { randomUUID } from 'node:crypto';
import { type Account, answerChallenge, isChallenge } from './digest.ts';
import { type Address, type Answer, type Journal, SipSocket } from './sip-socket.ts';
import { headerText, headerValues, statusOf, type WireHeader, type WireMessage } from './wire-message.ts';

export interface PeerOptions {
  readonly name: string;
  readonly account: Account;
  /** Where the server, or the relay before it, listens. */
  readonly server: Address;
  readonly host: string;
  readonly journal: Journal;
  /** How long the peer waits for an answer. */
  readonly patienceMilliseconds: number;
  /** Feature parameters of its Contact, with the leading semicolon. */
  readonly features: string;
  /** Option tags of its REGISTER. */
  readonly supported: string | undefined;
}

/** A SIP user agent made of plain text: a client of our server, or a peer of another domain. */
export class Peer {
  /** How the peer answers requests; undefined leaves them unanswered. The scenario may change it at any time. */
  answer: (request: WireMessage) => Answer | undefined = acceptMessage;
  readonly #options: PeerOptions;
  readonly #socket: SipSocket;
  #sequence = 0;

  constructor(options: PeerOptions) {
    this.#options = options;
    const { name, host, journal } = options;
    this.#socket = new SipSocket({ name, host, journal, answer: (request) => this.answer(request) });
  }

  get contact(): string {
    const { host, port } = this.#socket.address;
    return `sip:${this.#options.account.user}@${host}:${port}`;
  }

  async open(): Promise<void> {
    await this.#socket.open();
  }

  close(): void {
    this.#socket.close();
  }

  async register(expiresSeconds = 600): Promise<number | undefined> {
    const { account, features, supported } = this.#options;
    const domain = account.address.split('@')[1] ?? '';
    const contact = { name: 'Contact', value: `<${this.contact}>${features};expires=${expiresSeconds}` };
    const headers = supported === undefined ? [contact] : [contact, { name: 'Supported', value: supported }];
    const response = await this.request({ method: 'REGISTER', uri: `sip:${domain}`, to: account.address, headers, body: '' });
    return response === undefined ? undefined : statusOf(response);
  }

  /** A round trip to the server: what was on its way to this peer before is there afterwards. */
  async fence(): Promise<void> {
    const { address } = this.#options.account;
    await this.request({ method: 'OPTIONS', uri: `sip:${address.split('@')[1]}`, to: address, headers: [], body: '' });
  }

  /** The final response, after one answer to a digest challenge; undefined when none came in time. */
  async request(outgoing: OutgoingRequest): Promise<WireMessage | undefined> {
    const callId = randomUUID();
    const fromTag = randomUUID().slice(0, 8);
    if (outgoing.label !== undefined) this.#options.journal.labels.set(callId, outgoing.label);
    const first = await this.#exchange(outgoing, { callId, fromTag }, []);
    if (first === undefined || !isChallenge(first)) return first;
    const credentials = answerChallenge(first, this.#options.account, outgoing.method, outgoing.uri);
    return credentials === undefined ? first : this.#exchange(outgoing, { callId, fromTag }, [credentials]);
  }

  async #exchange(outgoing: OutgoingRequest, call: Call, credentials: readonly WireHeader[]): Promise<WireMessage | undefined> {
    this.#sequence += 1;
    const cseq = `${this.#sequence} ${outgoing.method}`;
    const headers = [...this.#mandatoryHeaders(outgoing, call, cseq), ...outgoing.headers, ...credentials];
    const message = { startLine: `${outgoing.method} ${outgoing.uri} SIP/2.0`, headers, body: outgoing.body };
    for (let copy = 0; copy < (outgoing.copies ?? 1); copy += 1) this.#socket.send(message, this.#options.server);
    const { journal, name, patienceMilliseconds } = this.#options;
    const answer = await journal.capture.first((captured) => {
      if (captured.kind !== 'wire' || captured.at !== name || captured.direction !== 'received') return false;
      const { message } = captured;
      return (statusOf(message) ?? 0) >= 200 && headerText(message, 'Call-ID') === call.callId && headerText(message, 'CSeq') === cseq;
    }, patienceMilliseconds);
    return answer?.kind === 'wire' ? answer.message : undefined;
  }

  #mandatoryHeaders({ to, from }: OutgoingRequest, { callId, fromTag }: Call, cseq: string): readonly WireHeader[] {
    const { host, port } = this.#socket.address;
    return [
      { name: 'Via', value: `SIP/2.0/UDP ${host}:${port};branch=z9hG4bK${randomUUID()};rport` },
      { name: 'Max-Forwards', value: '70' },
      { name: 'From', value: `${from ?? `<${this.#options.account.address}>`};tag=${fromTag}` },
      { name: 'To', value: `<${to}>` },
      { name: 'Call-ID', value: callId },
      { name: 'CSeq', value: cseq },
    ];
  }
}

/** What stays the same when a request is sent again with credentials (RFC 3261 §22.1). */
interface Call {
  readonly callId: string;
  readonly fromTag: string;
}

export interface OutgoingRequest {
  readonly method: string;
  readonly uri: string;
  readonly to: string;
  /** With angle brackets; the account's address when absent. */
  readonly from?: string;
  readonly headers: readonly WireHeader[];
  readonly body: string;
  readonly label?: string;
  /** How often each datagram is sent: 2 makes the second a retransmission. */
  readonly copies?: number;
}

/** 200 as A-7.2.2.1 asks of a client: release and identity headers. */
export function acceptMessage(request: WireMessage): Answer {
  const identities = ['Conversation-ID', 'Contribution-ID', 'InReplyTo-Contribution-ID'];
  const copied = identities.flatMap((name) => headerValues(request, name).map((value) => ({ name, value })));
  return { status: 200, headers: [...copied, { name: 'Server', value: 'CPM-client/OMA2.1 Peer/1.0' }] };
}
