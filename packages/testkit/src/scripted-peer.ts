import {
  type Clock,
  type Flow,
  type HostPort,
  type Listener,
  type Network,
  parseMessage,
  portableOctets,
  type Random,
  responseTo,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  StreamFramer,
  serializeMessage,
  type TransportName,
} from '@opencpm/sip';
import { always, answer, type PeerAnswer, type PeerScript, type StatusAnswer } from './peer-script.ts';
import { type RequestNames, type RequestTemplate, requestNames, requestText } from './request-template.ts';
import { virtualIds } from './virtual-ids.ts';

export interface ScriptedPeerOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly address: HostPort;
  /** UDP and TCP when left out. */
  readonly transports?: readonly TransportName[];
  /** 200 to everything when left out. */
  readonly script?: PeerScript;
  /** Answers CRLFCRLF on TCP with CRLF (RFC 5626 §3.5.1); true when left out. */
  readonly answersPings?: boolean;
  /** Told of everything that comes, before a request is answered. */
  readonly heard?: (received: Received) => void;
  /** Told of a connection's end. */
  readonly closed?: (flow: Flow) => void;
}

/** A message, a keep-alive or something unreadable, as it came. */
export interface Received {
  readonly atMilliseconds: number;
  readonly flow: Flow;
  readonly octets: Uint8Array;
  /** Left out for what is no SIP message. */
  readonly message?: SipMessage;
}

/** What is known of a request that came, for the copies of it. */
interface Turn {
  readonly turn: number;
  readonly tag: string;
  copies: number;
}

/** How long the opening of a connection may take. */
const connectMilliseconds = 10_000;

/**
 * A SIP peer that nobody here wrote: it has no transactions and no opinions, sends exactly the text it is told to,
 * keeps what it gets, and answers each arrival of a request as its script says.
 */
export class ScriptedPeer {
  /** May be changed at any time. */
  script: PeerScript;
  readonly #options: ScriptedPeerOptions;
  readonly #ids;
  readonly #listeners: Listener[] = [];
  readonly #received: Received[] = [];
  readonly #flows: Flow[] = [];
  readonly #framers = new Map<Flow, StreamFramer>();
  readonly #turns = new Map<string, Turn>();

  static async start(options: ScriptedPeerOptions): Promise<ScriptedPeer> {
    const peer = new ScriptedPeer(options);
    for (const transport of options.transports ?? (['UDP', 'TCP'] as const)) await peer.#listen(transport);
    return peer;
  }

  private constructor(options: ScriptedPeerOptions) {
    this.#options = options;
    this.#ids = virtualIds(options.random);
    this.script = options.script ?? always(answer(200));
  }

  get address(): HostPort {
    return this.#options.address;
  }

  get received(): readonly Received[] {
    return this.#received;
  }

  /** Requests that came, retransmissions included. */
  requests(method?: string): readonly SipRequest[] {
    const messages = this.#received.flatMap(({ message }) => (message?.kind === 'request' ? [message] : []));
    return messages.filter((request) => method === undefined || request.method === method);
  }

  /** Responses that came; with the names of a request only those to it. */
  responses(names?: RequestNames): readonly SipResponse[] {
    const messages = this.#received.flatMap(({ message }) => (message?.kind === 'response' ? [message] : []));
    return messages.filter((response) => names === undefined || isResponseTo(response, names));
  }

  /** TCP connections that are open now, in the order of their opening. */
  get connections(): readonly Flow[] {
    return this.#flows.filter((flow) => !flow.closed);
  }

  /** Opens a connection; throws when that fails. */
  async connect(remote: HostPort): Promise<Flow> {
    const result = await this.#options.network.connect(remote, this.#networkUser(), connectMilliseconds);
    if (result.kind === 'failed') throw new Error(`cannot connect to ${remote.host} port ${remote.port}: ${result.reason}`);
    return result.flow;
  }

  /** Sends octets, or text in UTF-8, as they are: on a connection, or as a datagram to an address. */
  sendRaw(message: string | Uint8Array, to: HostPort | Flow): boolean {
    const octets = typeof message === 'string' ? new TextEncoder().encode(message) : message;
    return this.#flowTo(to).send(octets);
  }

  /** Sends a request once, without retransmissions; gives its names, with which `responses` finds what came back. */
  send(template: RequestTemplate, to: HostPort | Flow): RequestNames {
    const flow = this.#flowTo(to);
    const surroundings = { local: this.address, transport: flow.transport, unique: () => this.#ids.tag() };
    const names = requestNames(template, surroundings);
    this.sendRaw(requestText(template, names, surroundings), flow);
    return names;
  }

  async close(): Promise<void> {
    for (const flow of this.connections) flow.close();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }

  async #listen(transport: TransportName): Promise<void> {
    this.#listeners.push(await this.#options.network.listen(transport, this.address, this.#networkUser()));
  }

  #networkUser() {
    return {
      received: (octets: Uint8Array, flow: Flow) => this.#arrived(octets, flow),
      flowOpened: (flow: Flow) => {
        this.#flows.push(flow);
      },
      flowClosed: (flow: Flow) => {
        this.#framers.delete(flow);
        this.#options.closed?.(flow);
      },
    };
  }

  #flowTo(to: HostPort | Flow): Flow {
    if ('send' in to) return to;
    const listener = this.#listeners.find(({ transport }) => transport === 'UDP');
    if (listener === undefined) throw new Error('this peer has no UDP socket: connect first, and send on the connection');
    return this.#options.network.datagramFlow(listener, to);
  }

  #arrived(octets: Uint8Array, flow: Flow): void {
    if (flow.transport === 'UDP') this.#take(octets, flow);
    else this.#takeStream(octets, flow);
  }

  #takeStream(octets: Uint8Array, flow: Flow): void {
    const framer = this.#framers.get(flow) ?? new StreamFramer(portableOctets);
    this.#framers.set(flow, framer);
    for (const event of framer.push(octets)) {
      if (event.kind === 'frame') this.#take(event.octets.slice(), flow);
      else if (event.kind === 'ping') this.#takePing(flow);
      else this.#keep({ flow, octets });
    }
  }

  #takePing(flow: Flow): void {
    this.#keep({ flow, octets: new TextEncoder().encode('\r\n\r\n') });
    if (this.#options.answersPings !== false) this.sendRaw('\r\n', flow);
  }

  #take(octets: Uint8Array, flow: Flow): void {
    const parsed = parseMessage(octets, portableOctets);
    const message = parsed.kind === 'message' ? parsed.message : undefined;
    this.#keep(message === undefined ? { flow, octets } : { flow, octets, message });
    if (message?.kind === 'request' && message.method !== 'ACK') this.#answerRequest(message, flow);
  }

  #keep(received: Omit<Received, 'atMilliseconds'>): void {
    const kept = { atMilliseconds: this.#options.clock.now(), ...received };
    this.#received.push(kept);
    this.#options.heard?.(kept);
  }

  #answerRequest(request: SipRequest, flow: Flow): void {
    const turn = this.#turnOf(request);
    turn.copies += 1;
    this.#perform(this.script({ request, turn: turn.turn, copy: turn.copies }), { request, flow, tag: turn.tag });
  }

  #turnOf(request: SipRequest): Turn {
    const key = `${request.method} ${request.headers.text('Via')} ${request.headers.text('CSeq')}`;
    const known = this.#turns.get(key);
    if (known !== undefined) return known;
    const turn = { turn: this.#turns.size + 1, tag: this.#ids.tag(), copies: 0 };
    this.#turns.set(key, turn);
    return turn;
  }

  #perform(action: PeerAnswer, to: { readonly request: SipRequest; readonly flow: Flow; readonly tag: string }): void {
    switch (action.kind) {
      case 'silence':
        break;
      case 'status':
        this.sendRaw(responseOctets(action, to.request, to.tag), to.flow);
        break;
      case 'raw':
        this.sendRaw(action.text, to.flow);
        break;
      case 'hang up':
        to.flow.close();
        break;
      case 'late':
        this.#options.clock.wakeAt(this.#options.clock.now() + action.milliseconds, () => this.#perform(action.answer, to));
        break;
      case 'several':
        for (const each of action.answers) this.#perform(each, to);
        break;
    }
  }
}

function responseOctets(action: StatusAnswer, request: SipRequest, toTag: string): Uint8Array {
  const { kind: _kind, status, ...options } = action;
  return serializeMessage(responseTo(request, status, { toTag, ...options }), portableOctets);
}

function isResponseTo(response: SipResponse, names: RequestNames): boolean {
  const via = response.headers.text('Via') ?? '';
  return via.includes(`branch=${names.branch}`) && response.headers.text('Call-ID') === names.callId;
}
