import { randomUUID } from 'node:crypto';
import type { Capture } from '../../conformance/framework/capture.ts';
import { type Account, answerChallenge, isChallenge } from '../../conformance/framework/digest.ts';
import { type Address, type Answer, type Journal, SipSocket } from '../../conformance/framework/sip-socket.ts';
import { headerText, statusOf, type WireHeader, type WireMessage } from '../../conformance/framework/wire-message.ts';
import { domain } from '../../interop/surroundings/server-process.ts';

const patienceMilliseconds = 15_000;

export interface OutgoingRequest {
  readonly method: string;
  readonly uri: string;
  readonly from: string;
  readonly to: string;
  /** Those of the same name as one that every request has stand in its place. */
  readonly headers: readonly WireHeader[];
  readonly body: string;
}

export interface ParticipantOptions {
  readonly name: string;
  readonly host: string;
  readonly server: Address;
  readonly capture: Capture;
}

/** A SIP user agent of plain text on a socket of its own: a client, the sender, the ISF, a server of another domain. */
export class Participant {
  readonly name: string;
  /** What it answers to a request; undefined is silence. */
  script: (request: WireMessage) => Answer | undefined = () => ({ status: 200 });
  readonly #socket: SipSocket;
  readonly #server: Address;
  #sequence = 0;

  private constructor({ name, host, server, capture }: ParticipantOptions) {
    const journal: Journal = { capture, phase: () => '', labels: new Map() };
    this.name = name;
    this.#server = server;
    this.#socket = new SipSocket({ name, host, journal, answer: (request) => this.script(request) });
  }

  static async open(options: ParticipantOptions): Promise<Participant> {
    const participant = new Participant(options);
    await participant.#socket.open();
    return participant;
  }

  get address(): Address {
    return this.#socket.address;
  }

  close(): void {
    this.#socket.close();
  }

  /** Sends a request and waits for nothing; gives its Call-ID. */
  send(outgoing: OutgoingRequest, callId: string = randomUUID(), credentials: readonly WireHeader[] = []): string {
    this.#sequence += 1;
    const { host, port } = this.address;
    const usual = [
      { name: 'Via', value: `SIP/2.0/UDP ${host}:${port};branch=z9hG4bK${randomUUID()};rport` },
      { name: 'Max-Forwards', value: '70' },
      { name: 'From', value: `<${outgoing.from}>;tag=${callId.slice(0, 8)}` },
      { name: 'To', value: `<${outgoing.to}>` },
      { name: 'Call-ID', value: callId },
      { name: 'CSeq', value: `${this.#sequence} ${outgoing.method}` },
    ];
    const replaced = new Set(outgoing.headers.map(({ name }) => name));
    const headers = [...usual.filter(({ name }) => !replaced.has(name)), ...outgoing.headers, ...credentials];
    this.#socket.send({ startLine: `${outgoing.method} ${outgoing.uri} SIP/2.0`, headers, body: outgoing.body }, this.#server);
    return callId;
  }

  /** The final answer, after one answer to a challenge when there is an account; undefined when none came. */
  async exchange(outgoing: OutgoingRequest, capture: Capture, account?: Account): Promise<WireMessage | undefined> {
    const callId = this.send(outgoing);
    const first = await this.#answer(callId, capture);
    if (first === undefined || account === undefined || !isChallenge(first)) return first;
    const credentials = answerChallenge(first, account, outgoing.method, outgoing.uri);
    if (credentials === undefined) return first;
    this.send(outgoing, callId, [credentials]);
    return this.#answer(callId, capture);
  }

  /** A round trip to the server: what was on its way to this participant before is there afterwards. */
  async fence(from: string, capture: Capture): Promise<void> {
    const uri = `sip:${domain}`;
    await this.exchange({ method: 'OPTIONS', uri, from, to: uri, headers: [], body: '' }, capture);
  }

  async #answer(callId: string, capture: Capture): Promise<WireMessage | undefined> {
    const sequence = String(this.#sequence);
    const answer = await capture.first((captured) => {
      if (captured.kind !== 'wire' || captured.at !== this.name || captured.direction !== 'received') return false;
      const { message } = captured;
      const isIts = headerText(message, 'Call-ID') === callId && headerText(message, 'CSeq')?.split(' ')[0] === sequence;
      return isIts && (statusOf(message) ?? 0) >= 200;
    }, patienceMilliseconds);
    return answer?.kind === 'wire' ? answer.message : undefined;
  }
}
