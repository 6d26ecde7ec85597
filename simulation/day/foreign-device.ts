import type { Flow, SipRequest } from '@opencpm/sip';
import { answer, byMethod, late, type PeerAnswer, ScriptedPeer, silence } from '@opencpm/testkit';
import { Handset } from '../handset.ts';
import { cpmMessage, imdnMessage, msgTag, textOf } from '../phone.ts';
import { cpimHeader } from '../rules.ts';
import { domain, serverPort, type World } from '../world.ts';
import type { DayBook, Device } from './device.ts';
import { addressOf, type Behaviour, type DeviceName, domainOf, type PlannedLine, type PlannedMessage, userOf } from './plan.ts';
import { idIn, type SentMessage, textOfMessage } from './record.ts';

/** Shorter than a second goes by between a message that was not accepted and its repetition. Milliseconds. */
const repeatPause = 700;
const slowMilliseconds = 7000;
/** Until whoever has lost his connection comes back, longer each time, and how often he tries. */
const comebackPause = 1500;
const comebacks = 8;
const anonymousUri = 'sip:anonymous@anonymous.invalid';

/** A client that nobody here wrote: it shows what it answers with a 2xx, and knows of no message whether it has had it. */
export class ForeignDevice implements Device {
  readonly name: DeviceName;
  readonly #world: World;
  readonly #book: DayBook;
  readonly #handset: Handset;
  readonly #line: PlannedLine;
  #behaviour: Behaviour = 'answers';
  #last: SipRequest | undefined;
  /** What its last REGISTER asked for. */
  #seconds = 0;
  #isComingBack = false;
  readonly #displayed = new Set<string>();
  /** What it has answered, or will: a copy of the request hears nothing else (RFC 3261 §17.2.2). */
  readonly #said = new Map<string, PeerAnswer>();
  /** Requests that it has taken: a retransmission is the same one. */
  readonly #taken = new Set<string>();

  static async start(world: World, name: DeviceName, line: PlannedLine, book: DayBook): Promise<ForeignDevice> {
    const address = world.nextAddress();
    const { clock } = world;
    let device: ForeignDevice | undefined;
    const peer = await ScriptedPeer.start({
      network: world.network.host(address, name),
      clock,
      random: world.random.fork(`device ${name}`),
      address: { host: address, port: 5060 },
      transports: line.transport === 'UDP' && line.maxDatagramOctets === undefined ? ['UDP'] : ['UDP', 'TCP'],
      script: byMethod({ MESSAGE: ({ request }) => device?.answerTo(request) ?? silence }),
      heard: (received) => device?.handset.heard(received),
      closed: (flow) => device?.lost(flow),
    });
    const user = userOf(name);
    const handset = new Handset({ peer, clock, server: serverPort, domain: domainOf(user), user, transport: line.transport });
    device = new ForeignDevice({ world, book }, name, line, handset);
    return device;
  }

  private constructor({ world, book }: { world: World; book: DayBook }, name: DeviceName, line: PlannedLine, handset: Handset) {
    this.#world = world;
    this.name = name;
    this.#line = line;
    this.#book = book;
    this.#handset = handset;
  }

  get handset(): Handset {
    return this.#handset;
  }

  get address(): string {
    return this.#handset.peer.address.host;
  }

  async register(seconds: number): Promise<void> {
    await this.#register(seconds);
  }

  /** Whether it was answered. */
  async #register(seconds: number): Promise<boolean> {
    if (domainOf(userOf(this.name)) !== domain) return true;
    const instance = `<urn:uuid:00000000-0000-4000-8000-${this.address.replaceAll('.', '').padStart(12, '0')}>`;
    const contacts = [`${this.#handset.contact};+sip.instance="${instance}";${msgTag}`];
    this.#seconds = seconds;
    return this.#handset.register({ expiresSeconds: seconds, contacts }).then(
      () => true,
      () => false,
    );
  }

  /** Told of each connection that ends. */
  lost(flow: Flow): void {
    const isRegisteredOverIt = this.#line.transport === 'TCP' && flow.remote.port === serverPort.port;
    if (isRegisteredOverIt && this.#line.returns && !this.#isComingBack) void this.#comeBack();
  }

  /** Opens a connection and registers anew, as RFC 5626 §4.4 has it, unless it was told to go. */
  async #comeBack(): Promise<void> {
    this.#isComingBack = true;
    for (let time = 1; time <= comebacks; time += 1) {
      await this.#pause(comebackPause * time);
      if (this.#seconds === 0 || this.#handset.connection !== undefined) break;
      await this.register(this.#seconds);
    }
    this.#isComingBack = false;
  }

  /** Twice when need be: that a connection is gone shows by its use, and who only registers again has not been away. */
  async deregister(): Promise<void> {
    if (!(await this.#register(0))) await this.#register(0);
  }

  behave(as: Behaviour): void {
    this.#behaviour = as;
  }

  async send(message: PlannedMessage): Promise<void> {
    const tries: { sentAt: number; answeredAt?: number; status?: number }[] = [];
    const sent: SentMessage = { ...message, from: userOf(this.name), device: this.name, tries };
    this.#book.sent.push(sent);
    this.#book.plannedIds.set(message.id, message.id);
    for (let repeat = 0; repeat <= message.repeats; repeat += 1) {
      const attempt: (typeof tries)[number] = { sentAt: this.#world.clock.now() };
      tries.push(attempt);
      const response = await this.#handset.message(addressOf(message.to), this.#template(message)).catch(() => undefined);
      if (response !== undefined) Object.assign(attempt, { status: response.status, answeredAt: this.#world.clock.now() });
      // Sent again, a refusal would be the same; a server that is away or overloaded may be there now.
      if (response !== undefined && response.status !== 503 && response.status !== 500) return;
      await this.#pause(repeatPause);
    }
  }

  async display(): Promise<void> {
    const request = this.#last;
    const id = request === undefined ? undefined : cpimHeader(request, 'imdn.Message-ID')[0];
    if (request === undefined || id === undefined || this.#displayed.has(id)) return;
    if (!(cpimHeader(request, 'imdn.Disposition-Notification')[0] ?? '').includes('display')) return;
    this.#displayed.add(id);
    await this.#notify(request, id, 'displayed');
  }

  /** What the script of this device's peer says to each arrival of a MESSAGE. */
  answerTo(request: SipRequest): PeerAnswer {
    // The transport is none of a transaction's names (RFC 3261 §17.2.3).
    const via = request.headers.text('Via')?.replace(/^SIP\/2\.0\/\w+ /, '');
    const names = [...['Call-ID', 'CSeq', 'From'].map((name) => request.headers.text(name)), via].join(' ');
    const said = this.#said.get(names) ?? answers[this.#behaviour];
    if (said.kind !== 'silence') this.#said.set(names, said);
    const isTaken = said.kind === 'late' || (said.kind === 'status' && said.status < 300);
    if (isTaken && !this.#taken.has(names)) this.#take(request, names);
    return said;
  }

  #take(request: SipRequest, names: string): void {
    this.#taken.add(names);
    const at = this.#world.clock.now();
    const text = textOf(request);
    const about = /<message-id>([^<]+)/.exec(text)?.[1];
    if (about !== undefined) {
      const status = /<status>\s*<(?:\w+:)?([\w-]+)/.exec(text)?.[1] ?? 'unread';
      const id = cpimHeader(request, 'imdn.Message-ID')[0];
      this.#book.told.push({ device: this.name, about, status, at, id, names });
      return;
    }
    this.#last = request;
    const id = cpimHeader(request, 'imdn.Message-ID')[0];
    const planned = idIn(text) ?? text;
    if (id !== undefined) this.#book.plannedIds.set(id, planned);
    this.#book.shown.push({ device: this.name, id: planned, at, names });
    const asked = cpimHeader(request, 'imdn.Disposition-Notification')[0] ?? '';
    if (id !== undefined && asked.includes('positive-delivery')) void this.#notify(request, id, 'delivered');
  }

  /** Back to whom the message shows as its sender; once, however often the same message comes. */
  async #notify(about: SipRequest, id: string, status: 'delivered' | 'displayed'): Promise<void> {
    if (this.#book.notified.some((other) => other.device === this.name && other.about === id && other.status === status)) return;
    this.#book.notified.push({ device: this.name, about: id, status });
    const from = cpimHeader(about, 'From')[0] ?? '';
    const to = /<([^>]+)>/.exec(from)?.[1] ?? anonymousUri;
    const imdn = imdnMessage(id, { messageId: `${status}-${id}-${this.name}` });
    const kind = status === 'delivered' ? 'delivery' : 'display';
    const body = (imdn.body ?? '')
      .replaceAll('delivery-notification>', `${kind}-notification>`)
      .replace('<delivered/>', `<${status}/>`)
      .replace('From: <sip:alice@cpm.test>', `From: <${anonymousUri}>`)
      .replace('To: <sip:bob@cpm.test>', `To: <${to}>`);
    const template = { headers: imdn.headers ?? [], body };
    await this.#handset.message(to, template).catch(() => undefined);
  }

  #template(message: PlannedMessage): ReturnType<typeof cpmMessage> {
    const { id, notifications, conversation, anonymous, expiresSeconds } = message;
    const own = anonymous ? anonymousUri : this.#handset.aor;
    const wrapped = cpmMessage(textOfMessage(message), {
      messageId: id,
      notifications,
      // Who hides does not name himself here.
      conversationId: `conversation-${anonymous ? 'hidden' : userOf(this.name)}-${message.to}-${conversation}`,
      from: own,
      headers: [
        ...(anonymous ? [['Privacy', 'id'] as const] : []),
        ...(expiresSeconds === undefined ? [] : [['Expires', String(expiresSeconds)] as const]),
      ],
    });
    const body = (wrapped.body ?? '').replace('To: <sip:bob@cpm.test>', `To: <${addressOf(message.to)}>`);
    return { ...wrapped, body, ...(anonymous ? { from: `"Anonymous" <${anonymousUri}>` } : {}) };
  }

  #pause(milliseconds: number): Promise<void> {
    const { clock } = this.#world;
    return new Promise((resolve) => void clock.wakeAt(clock.now() + milliseconds, resolve));
  }
}

const answers: Readonly<Record<Behaviour, PeerAnswer>> = {
  answers: answer(200),
  'is silent': silence,
  'is busy': answer(486),
  declines: answer(603),
  fails: answer(500),
  'is slow': late(slowMilliseconds, answer(200)),
};
