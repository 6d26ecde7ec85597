import { composeCpim, contentType, type DispositionNotification, formatCpim } from '@opencpm/payloads';
import {
  authorizationHeader,
  type ClientOutcome,
  contactHeader,
  cseqHeader,
  type DigestServer,
  type Endpoint,
  type Flow,
  formatUri,
  type Hashes,
  Headers,
  type HostPort,
  ha1Hex,
  proxyAuthenticateHeader,
  proxyAuthorizationHeader,
  responseTo,
  type ServerTransaction,
  type SipRequest,
  type SipResponse,
  type TransportName,
  wwwAuthenticateHeader,
} from '@opencpm/sip';

export interface ScriptedCoreOptions {
  readonly endpoint: Endpoint;
  readonly transport: TransportName;
  readonly address: HostPort;
  /** Challenges REGISTER by 401 and MESSAGE by 407. */
  readonly digest?: { readonly server: DigestServer; readonly hashes: Hashes; readonly password: string };
}

/** Undefined leaves the request without an answer. */
type Script = (request: SipRequest) => SipResponse | undefined;

/** A registrar and proxy with a script, around the endpoint of a test: keeps what comes and sends to who has registered. */
export class ScriptedCore {
  /** Everything that came, challenged attempts included, retransmissions not. */
  readonly requests: SipRequest[] = [];
  registrar: Script = (request) => registered(request);
  proxy: Script = (request) => responseTo(request, 200, { toTag: 'core' });
  address: HostPort = { host: '', port: 0 };
  readonly #options: ScriptedCoreOptions;
  #client: { readonly flow: Flow; readonly contact: string } | undefined;
  #sent = 0;

  static async start(options: ScriptedCoreOptions): Promise<ScriptedCore> {
    const core = new ScriptedCore(options);
    options.endpoint.onRequest = (transaction) => core.#take(transaction);
    core.address = (await options.endpoint.listen(options.transport, options.address)).address;
    return core;
  }

  private constructor(options: ScriptedCoreOptions) {
    this.#options = options;
  }

  /** What came of that method. */
  of(method: string): readonly SipRequest[] {
    return this.requests.filter((request) => request.method === method);
  }

  get flow(): Flow {
    if (this.#client === undefined) throw new Error('no client has registered');
    return this.#client.flow;
  }

  /** Sends to the registered client, over the flow on which it registered. */
  send(headers: Headers, body: Uint8Array, method = 'MESSAGE'): Promise<ClientOutcome> {
    if (this.#client === undefined) throw new Error('no client has registered');
    this.#sent += 1;
    const mandatory = Headers.of(
      ['Max-Forwards', '60'],
      ['From', '<sip:bob@example.net>;tag=core'],
      ['To', '<sip:alice@example.net>'],
      ['Call-ID', `core-${this.#sent}`],
      ['CSeq', `1 ${method}`],
    );
    const unnamed = mandatory.filter((header) => !headers.has(header.name));
    const request = { kind: 'request', method, uri: this.#client.contact, headers: unnamed.concat(headers), body } as const;
    return this.#options.endpoint.request(request, { flow: this.#client.flow });
  }

  #take(transaction: ServerTransaction): void {
    const { request } = transaction;
    this.requests.push(request);
    const challenge = this.#challenge(request);
    const response = challenge ?? (request.method === 'REGISTER' ? this.registrar(request) : this.proxy(request));
    if (request.method === 'REGISTER' && response?.status === 200) this.#remember(transaction);
    if (response !== undefined) transaction.respond(response);
  }

  #remember({ request, flow }: ServerTransaction): void {
    const contact = request.headers.value(contactHeader);
    if (contact !== undefined && contact !== '*') this.#client = { flow, contact: formatUri(contact.uri) };
  }

  #challenge(request: SipRequest): SipResponse | undefined {
    const { digest } = this.#options;
    if (digest === undefined) return undefined;
    const isRegister = request.method === 'REGISTER';
    const credentials = request.headers.value(isRegister ? authorizationHeader : proxyAuthorizationHeader);
    const verdict = credentials?.kind === 'digest' ? digest.server.verify(credentials, this.#digestRequest(request)) : 'absent';
    if (verdict === 'ok') return undefined;
    let headers = Headers.of();
    for (const challenge of digest.server.challenges(verdict === 'stale' || verdict === 'replayed')) {
      headers = headers.append(isRegister ? wwwAuthenticateHeader : proxyAuthenticateHeader, challenge);
    }
    return responseTo(request, isRegister ? 401 : 407, { toTag: 'core', headers });
  }

  #digestRequest({ method, uri, body }: SipRequest) {
    const { digest } = this.#options;
    const ha1 = (algorithm: 'SHA-256' | 'MD5') =>
      digest === undefined ? undefined : ha1Hex(digest.hashes, algorithm, 'alice', 'example.net', digest.password);
    return { method, uri, body, ha1 };
  }
}

/** 200 as a registrar gives it, with the Contact and its time. */
export function registered(request: SipRequest, seconds = Number(request.headers.text('Expires'))): SipResponse {
  const contact = request.headers.text('Contact') ?? '';
  return responseTo(request, 200, { toTag: 'core', headers: Headers.of(['Contact', `${contact};expires=${seconds}`]) });
}

export function answered(status: number, headers = Headers.of()): Script {
  return (request) => responseTo(request, status, { toTag: 'core', headers });
}

/** The headers of a message that a terminating function delivers. */
export const deliveredHeaders: Headers = Headers.of(
  ['P-Asserted-Identity', '<sip:bob@example.net>'],
  ['Accept-Contact', '*;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg"'],
  ['Conversation-ID', 'conversation-1'],
  ['Contribution-ID', 'contribution-1'],
  ['Content-Type', 'message/cpim'],
);

export interface Wrapped {
  readonly messageId?: string;
  readonly notifications?: readonly DispositionNotification[];
  readonly type?: string;
  readonly parameters?: ReadonlyMap<string, string>;
  readonly disposition?: string;
}

/** A CPIM body around a content from Bob to Alice. */
export function wrapped(content: string, { messageId, notifications, type, parameters, disposition }: Wrapped = {}): Uint8Array {
  const message = composeCpim({
    from: { uri: 'sip:bob@example.net' },
    to: [{ uri: 'sip:alice@example.net' }],
    dateTime: '2024-05-01T12:00:00Z',
    ...(messageId === undefined ? {} : { messageId }),
    dispositionNotifications: new Set(notifications),
    contentType: contentType(type ?? 'text/plain', parameters),
    ...(disposition === undefined ? {} : { contentDisposition: disposition }),
    content: new TextEncoder().encode(content),
  });
  return formatCpim(message);
}

/** CSeq numbers in their order. */
export function sequences(requests: readonly SipRequest[]): readonly (number | undefined)[] {
  return requests.map((request) => request.headers.value(cseqHeader)?.sequence);
}
