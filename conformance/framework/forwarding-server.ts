import { Capture } from './capture.ts';
import type { Account } from './digest.ts';
import { Neighbours } from './neighbours.ts';
import { acceptMessage } from './peer.ts';
import type { ServerUnderTest } from './server-process.ts';
import { type Address, type Answer, SipSocket } from './sip-socket.ts';
import { headerText, uriOf, type WireMessage } from './wire-message.ts';

/** A server just good enough to try the suite itself on: answers everything with 200 and sends each MESSAGE on to the Contact that its user registered. */
export class ForwardingServer implements ServerUnderTest {
  readonly neighbours = new Neighbours();
  readonly #contacts = new Map<string, Address & { readonly contact: string }>();
  readonly #socket: SipSocket;
  #users = 0;
  #webhook = '';

  constructor() {
    const journal = { capture: new Capture(), phase: () => '', labels: new Map<string, string>() };
    this.#socket = new SipSocket({ name: 'server', host: '127.0.0.1', journal, answer: (request, source) => this.#take(request, source) });
  }

  get address(): Address {
    return this.#socket.address;
  }

  async open(): Promise<void> {
    await this.#socket.open();
    this.#webhook = (await this.neighbours.open(this.address)).webhook;
  }

  close(): void {
    this.#socket.close();
    this.neighbours.close();
  }

  takeUser(): Account {
    this.#users += 1;
    return { user: `u${this.#users}`, password: '', address: `sip:u${this.#users}@cpm.test` };
  }

  async command(): Promise<readonly unknown[]> {
    return [];
  }

  /** Whatever is asked of it, it posts to its webhook. */
  async administer(_method: string, _path: string, body?: object): Promise<undefined> {
    await fetch(this.#webhook, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  }

  #take(request: WireMessage, source: Address): Answer {
    const to = headerText(request, 'To') ?? '';
    const contact = uriOf(headerText(request, 'Contact') ?? '');
    if (request.startLine.startsWith('REGISTER')) this.#contacts.set(to, { contact, ...source });
    const known = this.#contacts.get(to);
    if (request.startLine.startsWith('MESSAGE') && known !== undefined) {
      const headers = request.headers.map(({ name, value }) => ({ name, value: name === 'Call-ID' ? `${value}-2` : value }));
      this.#socket.send({ ...request, startLine: `MESSAGE ${known.contact} SIP/2.0`, headers }, known);
    }
    return acceptMessage(request);
  }
}
