import {
  answerChallenge,
  authorizationHeader,
  type Challenge,
  type Flow,
  type HeaderField,
  type HostPort,
  proxyAuthenticateHeader,
  proxyAuthorizationHeader,
  type SipRequest,
  type SipResponse,
  wwwAuthenticateHeader,
} from '@opencpm/sip';
import { type RequestNames, type RequestTemplate, type ScriptedPeer, type VirtualClock, virtualHashes } from '@opencpm/testkit';

/** Feature tag of a client that registered pager mode. */
export const msgTag = '+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg"';
export const deferredTag = '+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.deferred"';

export interface PhoneOptions {
  readonly peer: ScriptedPeer;
  readonly clock: VirtualClock;
  readonly server: HostPort;
  readonly domain: string;
  /** His password is his name. */
  readonly user: string;
}

export interface Registration {
  readonly expiresSeconds?: number;
  /** Contact values; one with the tag `msg` at this phone's address when left out. */
  readonly contacts?: readonly string[];
  readonly aor?: string;
  readonly password?: string;
  readonly callId?: string;
  readonly sequence?: number;
  readonly headers?: RequestTemplate['headers'];
  readonly over?: Flow;
}

export type MessageTemplate = Partial<RequestTemplate> & {
  readonly over?: Flow;
  /** Credentials of somebody else than this phone's user. */
  readonly as?: string;
  readonly limitMilliseconds?: number;
};

/**
 * A SIP client that nobody here wrote: it registers and sends with digest, retransmits as UDP needs it, and answers as
 * its peer's script says.
 */
export class Phone {
  readonly peer: ScriptedPeer;
  readonly user: string;
  readonly #options: PhoneOptions;
  #sequence = 0;
  #cnonce = 0;

  constructor(options: PhoneOptions) {
    this.#options = options;
    this.peer = options.peer;
    this.user = options.user;
  }

  get aor(): string {
    return `sip:${this.user}@${this.#options.domain}`;
  }

  /** This phone's Contact, without feature tags. */
  get contact(): string {
    const { host, port } = this.peer.address;
    return `<sip:${this.user}@${host}:${port}>`;
  }

  /** Requests that came, each once: retransmissions are left out. */
  received(method = 'MESSAGE'): readonly SipRequest[] {
    const byName = new Map<string, SipRequest>();
    for (const request of this.peer.requests(method)) {
      const name = `${request.headers.text('Via')} ${request.headers.text('CSeq')}`;
      if (!byName.has(name)) byName.set(name, request);
    }
    return [...byName.values()];
  }

  register(registration: Registration = {}): Promise<SipResponse> {
    return this.authenticated(this.registerTemplate(registration), {
      password: registration.password ?? this.user,
      ...(registration.over && { over: registration.over }),
    });
  }

  registerTemplate(registration: Registration = {}): RequestTemplate {
    const aor = registration.aor ?? this.aor;
    this.#sequence += 2;
    return {
      method: 'REGISTER',
      uri: `sip:${this.#options.domain}`,
      from: `<${aor}>`,
      to: `<${aor}>`,
      callId: registration.callId ?? `register@${this.peer.address.host}`,
      sequence: registration.sequence ?? this.#sequence,
      headers: [
        ...(registration.contacts ?? [`${this.contact};${msgTag}`]).map((contact) => ['Contact', contact] as const),
        ['Expires', String(registration.expiresSeconds ?? 3600)],
        ...(registration.headers ?? []),
      ],
    };
  }

  /** Sends once to the server, as a datagram; `answerTo` finds the answer. */
  send(template: RequestTemplate): RequestNames {
    return this.peer.send(template, this.#options.server);
  }

  deregister(): Promise<SipResponse> {
    return this.register({ expiresSeconds: 0 });
  }

  /** A MESSAGE to `to`, with credentials once they are asked for. Resolves with the final answer. */
  message(to: string, template: MessageTemplate = {}): Promise<SipResponse> {
    const { over, as = this.user, limitMilliseconds, ...more } = template;
    return this.authenticated(this.messageTemplate(to, more), {
      user: as,
      password: as,
      ...(over && { over }),
      ...(limitMilliseconds !== undefined && { limitMilliseconds }),
    });
  }

  messageTemplate(to: string, more: Partial<RequestTemplate> = {}): RequestTemplate {
    return { method: 'MESSAGE', uri: to, from: `<${this.aor}>`, to: `<${to}>`, ...more };
  }

  /** Sends, and once more with credentials when it is asked for them (RFC 3261 §22.1). */
  async authenticated(template: RequestTemplate, how: SendingAs): Promise<SipResponse> {
    const response = await this.exchange(template, how);
    const credentials = this.credentials(template, response, how);
    if (credentials === undefined) return response;
    const headers = [...(template.headers ?? []), credentials];
    return this.exchange({ ...template, sequence: (template.sequence ?? 1) + 1, headers }, how);
  }

  /** The header that answers the challenges of a response; undefined when there are none. */
  credentials(template: RequestTemplate, response: SipResponse, how: SendingAs, nonceCount = 1): readonly [string, string] | undefined {
    const role = response.status === 401 ? roles.registrar : roles.proxy;
    const challenges = response.headers.all<Challenge>(role.challenge);
    if (challenges.kind !== 'value') return undefined;
    this.#cnonce += 1;
    const credentials = answerChallenge(challenges.value, {
      method: template.method,
      uri: template.uri,
      username: how.user ?? this.user,
      password: how.password ?? this.user,
      nonceCount,
      cnonce: `c${this.#cnonce}`,
      hashes: virtualHashes(),
    });
    return credentials === undefined ? undefined : [role.credentials.name, role.credentials.encode(credentials)];
  }

  /** One request and its final answer; over UDP with retransmissions (RFC 3261 §17.1.2). Runs virtual time. */
  async exchange(template: RequestTemplate, how: Pick<SendingAs, 'over' | 'limitMilliseconds'> = {}): Promise<SipResponse> {
    const { clock, server } = this.#options;
    const to = how.over ?? server;
    const names = this.peer.send(template, to);
    const limit = clock.now() + (how.limitMilliseconds ?? 32_000);
    for (let pause = 500; clock.now() < limit; pause = Math.min(pause * 2, 4000)) {
      await clock.runUntil(() => this.answerTo(names) !== undefined, Math.min(pause, limit - clock.now()));
      const response = this.answerTo(names);
      if (response !== undefined) return response;
      if (how.over === undefined) this.peer.send({ ...template, ...names }, to);
    }
    throw new Error(`no answer to ${template.method} ${template.uri}`);
  }

  answerTo(names: RequestNames): SipResponse | undefined {
    return this.peer.responses(names).find((response) => response.status >= 200);
  }
}

interface SendingAs {
  readonly user?: string;
  readonly password?: string;
  readonly over?: Flow;
  readonly limitMilliseconds?: number;
}

const roles = {
  registrar: { challenge: wwwAuthenticateHeader, credentials: authorizationHeader },
  proxy: { challenge: proxyAuthenticateHeader, credentials: proxyAuthorizationHeader },
} as const satisfies Record<string, { challenge: HeaderField<Challenge>; credentials: { name: string } }>;

/** The headers and the body of a CPM message: one that asks for the notifications given. */
export function cpmMessage(text: string, more: CpmMessageOptions = {}): Pick<RequestTemplate, 'headers' | 'body'> {
  const { messageId = `m-${text.replaceAll(' ', '-')}`, notifications = [], conversationId = 'conversation-1' } = more;
  const contributionId = more.contributionId ?? `contribution-${messageId}`;
  const body = [
    `From: <${more.from ?? 'sip:alice@cpm.test'}>`,
    'To: <sip:bob@cpm.test>',
    'NS: imdn <urn:ietf:params:imdn>',
    `imdn.Message-ID: ${messageId}`,
    ...(notifications.length === 0 ? [] : [`imdn.Disposition-Notification: ${notifications.join(', ')}`]),
    'DateTime: 2024-01-01T00:00:00.000Z',
    '',
    'Content-Type: text/plain;charset=UTF-8',
    '',
    text,
  ].join('\r\n');
  return {
    headers: [
      ['Accept-Contact', `*;${msgTag}`],
      ['Conversation-ID', conversationId],
      ['Contribution-ID', contributionId],
      ['Content-Type', 'message/cpim'],
      ...(more.headers ?? []),
    ],
    body,
  };
}

export interface CpmMessageOptions {
  readonly messageId?: string;
  readonly conversationId?: string;
  readonly contributionId?: string;
  readonly notifications?: readonly string[];
  /** CPIM From. */
  readonly from?: string;
  readonly headers?: readonly (readonly [string, string])[];
}

/** An IMDN in a CPM message. */
export function imdnMessage(
  about: string,
  more: { readonly messageId?: string; readonly headers?: CpmMessageOptions['headers'] } = {},
): Pick<RequestTemplate, 'headers' | 'body'> {
  const xml = `<?xml version="1.0"?><imdn xmlns="urn:ietf:params:xml:ns:imdn"><message-id>${about}</message-id><datetime>2024-01-01T00:00:00Z</datetime><delivery-notification><status><delivered/></status></delivery-notification></imdn>`;
  const wrapped = cpmMessage('', { messageId: more.messageId ?? `imdn-of-${about}`, ...(more.headers && { headers: more.headers }) });
  const body = (wrapped.body ?? '').replace(
    'Content-Type: text/plain;charset=UTF-8',
    'Content-Type: message/imdn+xml\r\nContent-Disposition: notification',
  );
  return { headers: wrapped.headers ?? [], body: `${body}${xml}` };
}

/** The text inside the CPIM of a request that a phone got, or its plain body. */
export function textOf(request: SipRequest): string {
  const body = new TextDecoder().decode(request.body);
  return body.slice(body.lastIndexOf('\r\n\r\n') + (body.includes('\r\n\r\n') ? 4 : 1));
}
