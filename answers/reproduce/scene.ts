import type { Capture } from '../../conformance/framework/capture.ts';
import type { Account } from '../../conformance/framework/digest.ts';
import { headerText, statusOf, type WireMessage } from '../../conformance/framework/wire-message.ts';
import { type AnswerRow, type Client, type PeerAnswer, usualSender } from '../row.ts';
import type { AnsweringServer } from './answering-server.ts';
import { RowNames } from './names.ts';
import { Participant } from './participant.ts';
import { answerOf } from './peer-answer.ts';
import { clientFeatures, registerRequest } from './requests.ts';

/** Budgets of what brings nobody anything are by address, so strangers have one of their own. */
const hosts = { client: '127.0.0.1', stranger: '127.0.0.9' } as const;

/** The participant that sends, unless the server of other.test does. */
export const senderName = 'sender';

/** A client of the row on its socket. */
interface RowClient {
  readonly participant: Participant;
  readonly setting: Client;
  readonly account: Account;
  /** What the server said to its last REGISTER. */
  registered: WireMessage | undefined;
}

/** One row in progress: its users exist, its rules hold, its clients are on their sockets. */
export class Scene {
  readonly row: AnswerRow;
  readonly names: RowNames;
  readonly server: AnsweringServer;
  readonly capture: Capture;
  /** Everything that `opencpm` was asked to do for it. */
  readonly commands: string[][] = [];
  readonly #clients = new Map<string, RowClient>();
  readonly #opened: Participant[] = [];
  #senderHasAnswer = false;

  private constructor(row: AnswerRow, server: AnsweringServer) {
    this.row = row;
    this.server = server;
    this.names = new RowNames(row.id);
    this.capture = server.enter(row);
  }

  static async open(row: AnswerRow, server: AnsweringServer): Promise<Scene> {
    const scene = new Scene(row, server);
    for (const user of scene.users) {
      const { user: name, password } = scene.names.account(user);
      await scene.#command(['user', 'add', name, '--password', password]);
    }
    for (const words of row.commands ?? []) await scene.#command(scene.names.own(words).split(' '));
    for (const [name, client] of Object.entries(row.clients ?? {})) await scene.#openClient(name, settingOf(client));
    return scene;
  }

  /** Everybody of this domain whom the row names, and alice and bob. */
  get users(): readonly string[] {
    const { commands = [], clients = {}, request } = this.row;
    const named = RowNames.in([...commands, ...Object.keys(clients), request.method === 'REGISTER' ? (request.of ?? '') : ''].join(' '));
    return [...new Set(['alice', 'bob', ...named])].sort();
  }

  /** Whether the one who sends is named there, as himself or in an address. */
  isNamedIn(octets: string): boolean {
    const { sender = usualSender } = this.row;
    if (sender.kind === 'trusted peer') return octets.includes(this.names.own(sender.asserts));
    return octets.includes(this.names.own(sender.kind === 'user' ? sender.name : 'alice'));
  }

  /** A socket for who sends. */
  async sender(): Promise<Participant> {
    const { sender } = this.row;
    if (sender?.kind === 'trusted peer') return this.server.neighbour;
    return this.#participant(senderName, sender?.kind === 'stranger' ? hosts.stranger : hosts.client);
  }

  /** Registers a participant as a CPM client of that user; gives the answer. */
  async register(participant: Participant, account: Account, { instance, expiresSeconds = 3600 }: RegistrationWish): Promise<WireMessage> {
    const { host, port } = participant.address;
    const features = instance === undefined ? '' : clientFeatures(instance);
    const contact = `<sip:${account.user}@${host}:${port}>${features}`;
    const outgoing = registerRequest({ of: account.address, by: account.address, contact, expiresSeconds });
    const answer = await participant.exchange(outgoing, this.capture, account);
    if (answer === undefined || statusOf(answer) !== 200) throw new Error(`REGISTER of ${account.user}: ${answer?.startLine}`);
    return answer;
  }

  /** The sender has his answer: clients that are late answer, those that come afterwards register. */
  async goOn(): Promise<void> {
    this.#senderHasAnswer = true;
    for (const [name, client] of this.#clients) {
      if (client.setting.presence === 'comes afterwards') await this.#registerClient(name, client);
    }
  }

  /** The public GRUU that a client was given when it registered (RFC 5627 §5.3). */
  gruuOf(client: string): string {
    const contact = headerText(this.#clients.get(client)?.registered ?? emptyMessage, 'Contact') ?? '';
    const gruu = /pub-gruu="([^"]+)"/.exec(contact)?.[1];
    if (gruu === undefined) throw new Error(`${client} has no GRUU: ${contact}`);
    return gruu;
  }

  clientNamed(name: string): Participant {
    const client = this.#clients.get(name);
    if (client === undefined) throw new Error(`the row has no client ${name}`);
    return client.participant;
  }

  /** What was on its way to sockets of the row is there afterwards. */
  async fence(): Promise<void> {
    const { address } = this.names.account('alice');
    await Promise.all([...this.#opened, this.server.neighbour].map((participant) => participant.fence(address, this.capture)));
  }

  close(): void {
    for (const participant of this.#opened) participant.close();
  }

  async #command(words: string[]): Promise<void> {
    this.commands.push(words);
    await this.server.command(words);
  }

  async #openClient(name: string, setting: Client): Promise<void> {
    const participant = await this.#participant(name, hosts.client);
    participant.script = (request) => {
      const answer = setting.answers === 'late' && this.#senderHasAnswer ? 200 : setting.answers;
      return answerOf(answer, request, setting.retryAfter);
    };
    const client = { participant, setting, account: this.names.account(name.split('/')[0] ?? ''), registered: undefined };
    this.#clients.set(name, client);
    if (setting.presence !== 'comes afterwards') await this.#registerClient(name, client);
    if (setting.presence === 'has gone')
      await this.register(participant, client.account, { instance: this.names.instance(name), expiresSeconds: 0 });
  }

  async #registerClient(name: string, client: RowClient): Promise<void> {
    const wish = client.setting.isPlain === true ? {} : { instance: this.names.instance(name) };
    client.registered = await this.register(client.participant, client.account, wish);
  }

  async #participant(name: string, host: string): Promise<Participant> {
    const participant = await Participant.open({ name, host, server: this.server.address, capture: this.capture });
    this.#opened.push(participant);
    return participant;
  }
}

interface RegistrationWish {
  /** Left out, it registers as a SIP client without CPM. */
  readonly instance?: string;
  readonly expiresSeconds?: number;
}

const emptyMessage: WireMessage = { startLine: '', headers: [], body: '' };

function settingOf(client: Client | PeerAnswer): Client {
  return typeof client === 'object' ? client : { answers: client };
}
