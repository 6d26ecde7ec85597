import { randomUUID } from 'node:crypto';
import { acceptMessage, type OutgoingRequest } from './peer.ts';
import { type Address, type Answer, type Journal, SipSocket } from './sip-socket.ts';
import { headerText, methodOf, statusOf, type WireHeader, type WireMessage } from './wire-message.ts';

/**
 * The network as a client sees it: a registrar that takes every REGISTER and a core that answers every MESSAGE, each as
 * the scenario says. It can send requests to the client that registered.
 */
export class ScriptedCore {
  /** The answer to MESSAGE; undefined leaves it unanswered. The scenario may change it at any time. */
  answer: (request: WireMessage) => Answer | undefined = acceptAsServer;
  readonly #journal: Journal;
  readonly #socket: SipSocket;
  readonly #patienceMilliseconds: number;
  #client: { readonly source: Address; readonly contact: string } | undefined;

  constructor(name: string, journal: Journal, patienceMilliseconds: number) {
    this.#journal = journal;
    this.#patienceMilliseconds = patienceMilliseconds;
    this.#socket = new SipSocket({ name, host: '127.0.0.1', journal, answer: (request, source) => this.#answerRequest(request, source) });
  }

  get address(): Address {
    return this.#socket.address;
  }

  async open(): Promise<void> {
    await this.#socket.open();
  }

  close(): void {
    this.#socket.close();
  }

  /** Sends to the registered client, with its Contact as Request-URI; the final response, or undefined when none came. */
  async request(outgoing: Omit<OutgoingRequest, 'uri'>): Promise<WireMessage | undefined> {
    if (this.#client === undefined) throw new TypeError('no client has registered at the scripted core');
    const callId = randomUUID();
    if (outgoing.label !== undefined) this.#journal.labels.set(callId, outgoing.label);
    const { source, contact } = this.#client;
    const headers = [...this.#mandatoryHeaders(outgoing, callId), ...outgoing.headers];
    this.#socket.send({ startLine: `${outgoing.method} ${contact} SIP/2.0`, headers, body: outgoing.body }, source);
    const answer = await this.#journal.capture.first((captured) => {
      if (captured.kind !== 'wire' || captured.direction !== 'received') return false;
      return (statusOf(captured.message) ?? 0) >= 200 && headerText(captured.message, 'Call-ID') === callId;
    }, this.#patienceMilliseconds);
    return answer?.kind === 'wire' ? answer.message : undefined;
  }

  #answerRequest(request: WireMessage, source: Address): Answer | undefined {
    if (methodOf(request) !== 'REGISTER') return this.answer(request);
    const contact = headerText(request, 'Contact') ?? '';
    this.#client = { source, contact: contact.slice(contact.indexOf('<') + 1, contact.indexOf('>')) };
    const expires = headerText(request, 'Expires') ?? '3600';
    return { status: 200, headers: [{ name: 'Contact', value: contact.includes('expires=') ? contact : `${contact};expires=${expires}` }] };
  }

  #mandatoryHeaders({ to, from }: Omit<OutgoingRequest, 'uri'>, callId: string): readonly WireHeader[] {
    const { host, port } = this.#socket.address;
    return [
      { name: 'Via', value: `SIP/2.0/UDP ${host}:${port};branch=z9hG4bK${randomUUID()};rport` },
      { name: 'Max-Forwards', value: '66' },
      { name: 'From', value: `${from ?? '<sip:core@home.test>'};tag=${randomUUID().slice(0, 8)}` },
      { name: 'To', value: `<${to}>` },
      { name: 'Call-ID', value: callId },
      { name: 'CSeq', value: '1 MESSAGE' },
    ];
  }
}

/** 200 as a Participating Function relays it: identity headers and its own release. */
export function acceptAsServer(request: WireMessage): Answer {
  const { headers = [] } = acceptMessage(request);
  const others = headers.filter(({ name }) => name !== 'Server');
  return { status: 200, headers: [...others, { name: 'Server', value: 'CPM-serv/OMA2.1 ScriptedCore/1.0' }] };
}

/** The same with a UID, as after recording (A-7.2.1.1-21). */
export function acceptAsRecorded(uid: number): (request: WireMessage) => Answer {
  return (request) => {
    const { headers = [] } = acceptAsServer(request);
    return { status: 200, headers: [...headers, { name: 'Message-UID', value: String(uid) }] };
  };
}
