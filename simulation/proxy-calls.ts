/** Calls between phones that nobody here wrote: just enough of a user agent to try a proxy. */
import assert from 'node:assert/strict';
import {
  type Flow,
  Headers,
  type HostPort,
  portableOctets,
  responseTo,
  type SipRequest,
  type SipResponse,
  serializeMessage,
  toHeader,
  viaHeader,
} from '@opencpm/sip';
import {
  answer,
  late,
  type PeerAnswer,
  type PeerScript,
  type RequestNames,
  type RequestTemplate,
  rawAnswer,
  several,
  silence,
} from '@opencpm/testkit';
import { msgTag, type Phone } from './phone.ts';
import { serverPort, type World } from './world.ts';

export interface CallOptions {
  /** UDP to the server when left out. */
  readonly over?: Flow;
  readonly contact?: string;
  readonly headers?: RequestTemplate['headers'];
  readonly maxForwards?: number;
  readonly body?: string;
}

/** An INVITE of a phone with what belongs to it. */
export class Call {
  readonly #world: World;
  readonly #phone: Phone;
  readonly #options: CallOptions;
  #template: RequestTemplate;
  #names: RequestNames | undefined;

  constructor(world: World, phone: Phone, uri: string, options: CallOptions = {}) {
    this.#world = world;
    this.#phone = phone;
    this.#options = options;
    this.#template = {
      method: 'INVITE',
      uri,
      from: `<${phone.aor}>`,
      to: `<${uri}>`,
      contact: options.contact ?? phone.contact,
      headers: options.headers ?? [],
      ...(options.maxForwards !== undefined && { maxForwards: options.maxForwards }),
      ...(options.body !== undefined && { body: options.body }),
    };
  }

  get names(): RequestNames {
    assert.ok(this.#names !== undefined, 'the INVITE is not sent yet');
    return this.#names;
  }

  /** Every response that came to the INVITE, copies too. */
  get responses(): readonly SipResponse[] {
    return this.#phone.peer.responses(this.names).filter(({ headers }) => headers.text('CSeq')?.endsWith(' INVITE'));
  }

  get statuses(): readonly number[] {
    return this.responses.map(({ status }) => status);
  }

  /** Sends the INVITE, with credentials when it is asked for them, and leaves it ringing. */
  async begin(): Promise<this> {
    this.send();
    await this.#world.clock.runFor(50);
    const challenge = this.responses.find(({ status }) => status === 407);
    if (challenge === undefined) return this;
    this.acknowledge(challenge);
    const credentials = this.#phone.credentials(this.#template, challenge, {});
    assert.ok(credentials !== undefined);
    this.#template = {
      ...this.#template,
      callId: this.names.callId,
      fromTag: this.names.fromTag,
      sequence: 2,
      headers: [...(this.#template.headers ?? []), credentials],
    };
    this.#names = undefined;
    this.send();
    await this.#world.clock.runFor(50);
    return this;
  }

  /** The INVITE; once it has been sent, another copy of it. */
  send(): void {
    const known = this.#names;
    this.#names = this.#phone.peer.send(known === undefined ? this.#template : { ...this.#template, ...known }, this.#way);
  }

  /** The final response, once it has come. */
  async final(limitMilliseconds = 32_000): Promise<SipResponse> {
    const isThere = () => this.responses.some(({ status }) => status >= 200);
    await this.#world.clock.runUntil(isThere, limitMilliseconds);
    const final = this.responses.find(({ status }) => status >= 200);
    assert.ok(final !== undefined, `no final response, only ${this.statuses.join(' ')}`);
    if (final.status >= 300) this.acknowledge(final);
    return final;
  }

  /** ACK to a response other than 2xx: with the branch of its INVITE (RFC 3261 §17.1.1.3). */
  acknowledge(response: SipResponse): void {
    this.#phone.peer.send({ ...this.#following('ACK'), branch: this.names.branch, to: response.headers.text('To') ?? '' }, this.#way);
  }

  cancel(headers: RequestTemplate['headers'] = []): RequestNames {
    return this.#phone.peer.send({ ...this.#following('CANCEL'), branch: this.names.branch, headers }, this.#way);
  }

  /** A request within the dialog that a 2xx has made, to the called side's Contact by the recorded routes. */
  within(response: SipResponse, method: string, sequence: number, change: Partial<RequestTemplate> = {}): RequestNames {
    const routes = valuesOf(response.headers, 'Record-Route').reverse();
    return this.#phone.peer.send(
      {
        ...this.#following(method),
        uri: contactUri(response.headers),
        to: response.headers.text('To') ?? '',
        sequence,
        headers: routes.map((route) => ['Route', route] as const),
        ...change,
      },
      this.#way,
    );
  }

  #following(method: string): RequestTemplate {
    const { uri, from, to, sequence = 1 } = this.#template;
    return { method, uri, from, to, sequence, callId: this.names.callId, fromTag: this.names.fromTag };
  }

  get #way(): HostPort | Flow {
    return this.#options.over ?? serverPort;
  }
}

/** A request of the called side within the dialog of an INVITE that it has accepted; `accepted` as the caller has got it. */
export function fromCalledSide(phone: Phone, { invite, accepted }: Dialog, method: string, change: DialogChange = {}): RequestNames {
  const { over, ...template } = change;
  const from = accepted.headers.text('To') ?? '';
  return phone.peer.send(
    {
      method,
      uri: contactUri(invite.headers),
      from,
      fromTag: toTag(accepted.headers) ?? '',
      to: invite.headers.text('From') ?? '',
      callId: invite.headers.text('Call-ID') ?? '',
      headers: valuesOf(invite.headers, 'Record-Route').map((route) => ['Route', route] as const),
      ...template,
    },
    over ?? serverPort,
  );
}

export interface Dialog {
  readonly invite: SipRequest;
  readonly accepted: SipResponse;
}

export type DialogChange = Partial<RequestTemplate> & { readonly over?: Flow };

/** Answers as a user agent does that keeps dialogs: with the recorded routes and its Contact. */
export function dialogAnswer(status: number, phone: { readonly contact: string }, request: SipRequest, body?: string): PeerAnswer {
  const routes = valuesOf(request.headers, 'Record-Route').map((route) => ['Record-Route', route] as const);
  return answer(status, {
    headers: Headers.of(...routes, ['Contact', phone.contact]),
    ...(body !== undefined && { body: new TextEncoder().encode(body) }),
  });
}

/** A registered phone that answers an INVITE as the script says and 487 once it is cancelled, and 200 to everything else. */
export async function phoneOf(
  world: World,
  user: string,
  invite: (phone: Phone) => PeerScript,
  contacts: readonly string[] = [],
): Promise<Phone> {
  const phone = await world.phone(user);
  await bind(phone, invite, contacts);
  return phone;
}

/** The same with a phone that is there already; `contacts` are parameters of its Contact. */
export async function bind(
  phone: Phone,
  invite: (phone: Phone) => PeerScript,
  parameters: readonly string[] = [],
  over?: Flow,
): Promise<void> {
  phone.peer.script = userAgent(invite(phone));
  const contact = [phone.contact, msgTag, ...parameters].join(';');
  const registered = await phone.register({ contacts: [contact], ...(over && { over }) });
  assert.equal(registered.status, 200);
}

function userAgent(invite: PeerScript): PeerScript {
  const invites = new Map<string, SipRequest>();
  return (occasion) => {
    const { request } = occasion;
    const branch = request.headers.value(viaHeader)?.branch ?? '';
    if (request.method === 'INVITE') invites.set(branch, request);
    if (request.method === 'INVITE') return invite(occasion);
    const cancelled = request.method === 'CANCEL' ? invites.get(branch) : undefined;
    return cancelled === undefined ? answer(200) : several(answer(200), rawAnswer(terminated(cancelled)));
  };
}

function terminated(invite: SipRequest): string {
  const octets = serializeMessage(responseTo(invite, 487, { toTag: 'cancelled' }), portableOctets);
  return new TextDecoder().decode(octets);
}

/** 180, and the final answer so much later. */
export function rings(milliseconds: number, status: number): (phone: Phone) => PeerScript {
  return (phone) =>
    onFirstCopy(({ request }) => several(dialogAnswer(180, phone, request), late(milliseconds, dialogAnswer(status, phone, request))));
}

/** 180 and nothing more. */
export function onlyRings(phone: Phone): PeerScript {
  return onFirstCopy(({ request }) => dialogAnswer(180, phone, request));
}

/** A final answer at once, which a retransmitted INVITE gets again. */
export function answers(status: number): (phone: Phone) => PeerScript {
  return (phone) =>
    ({ request }) =>
      dialogAnswer(status, phone, request);
}

function onFirstCopy(script: PeerScript): PeerScript {
  return (occasion) => (occasion.copy === 1 ? script(occasion) : silence);
}

/** The values of a header, one by one. */
export function valuesOf(headers: Headers, name: string): string[] {
  return headers.texts(name).flatMap((text) => text.split(',').map((value) => value.trim()));
}

function contactUri(headers: Headers): string {
  return /<([^>]+)>/.exec(headers.text('Contact') ?? '')?.[1] ?? '';
}

export function toTag(headers: Headers): string | undefined {
  return headers.value(toHeader)?.tag;
}
