import { Capture, type Captured } from './capture.ts';
import type { Account } from './digest.ts';
import { Peer } from './peer.ts';
import { type Direction, Relay } from './relay.ts';
import { ScriptedCore } from './scripted-core.ts';
import { describeSelector, type ReportSelector, selects, type WireSelector } from './selector.ts';
import type { ServerUnderTest } from './server-process.ts';
import type { Address, Journal } from './sip-socket.ts';
import type { Passing, Tamperer, Watch } from './tamperer.ts';
import type { RunRecord } from './verdict.ts';
import { headerText, readWireMessage, type WireMessage } from './wire-message.ts';

/** Thrown when a message on which the rest of a scenario depends has not come; the proofs are judged by what has. */
export class ScenarioStopped extends Error {}

export interface WorldOptions {
  /** The server under test; absent when the client is. */
  readonly server: ServerUnderTest | undefined;
  readonly tamperer: Tamperer | undefined;
  /** How long to wait for a message before the scenario stops. */
  readonly patienceMilliseconds: number;
}

export interface PeerSetting {
  /** The user whose client this is; the peer's own name when absent. */
  readonly user?: string;
  /** Source address: `trustedHost` for a peer whose identities are believed. */
  readonly host?: string;
  readonly features?: string;
  /** Option tags of its REGISTER. */
  readonly supported?: string;
}

/** What a scenario acts in: peers around one server, or a scripted core around one client, and the record of it all. */
export class World implements RunRecord {
  readonly facts = new Map<string, string>();
  readonly patienceMilliseconds: number;
  readonly #options: WorldOptions;
  readonly #capture = new Capture();
  readonly #labels = new Map<string, string>();
  readonly #accounts = new Map<string, Account>();
  /** Where a tampering puts messages of its own onto the wire. */
  readonly #ways: { readonly watch: Watch; readonly inject: (direction: Direction, octets: string) => void }[] = [];
  readonly #closing: (() => void | Promise<void>)[] = [];
  #phase = 'start';

  constructor(options: WorldOptions) {
    this.#options = options;
    this.patienceMilliseconds = options.patienceMilliseconds;
  }

  get captured(): readonly Captured[] {
    return this.#capture.all;
  }

  /** Begins a part of the scenario that selectors can name. */
  phase(name: string): void {
    this.#phase = name;
    for (const { watch, inject } of this.#ways) {
      const injection = this.#options.tamperer?.injection(watch, name);
      if (injection !== undefined) inject(injection.direction, injection.octets);
    }
  }

  note(fact: string, value: string): void {
    this.facts.set(fact, value);
  }

  /** The user whom the scenario calls by this name; his address is the fact `<name>`. */
  account(name: string): Account {
    const known = this.#accounts.get(name);
    if (known !== undefined) return known;
    const account = this.#server().takeUser();
    this.#accounts.set(name, account);
    this.note(name, account.address);
    return account;
  }

  /** Opens a peer at the server under test; its contact is the fact `<name> contact`. */
  async peer(name: string, setting: PeerSetting = {}): Promise<Peer> {
    const host = setting.host ?? '127.0.0.1';
    const server = await this.through({ at: name, end: 'near' }, this.#server().address, host);
    const account = this.account(setting.user ?? name);
    const { patienceMilliseconds } = this;
    const features = setting.features ?? '';
    const { supported } = setting;
    const peer = new Peer({ name, account, server, host, journal: this.#journal(), patienceMilliseconds, features, supported });
    await peer.open();
    this.closeLater(() => peer.close());
    this.note(`${name} contact`, peer.contact);
    return peer;
  }

  async core(): Promise<ScriptedCore> {
    const core = new ScriptedCore('core', this.#journal(), this.patienceMilliseconds);
    await core.open();
    this.closeLater(() => core.close());
    return core;
  }

  /** The ISF for messages to that user; the fact `isf route` is the way to it. It answers as the scenario says, 200 at first. */
  async isf(servedUser: string): Promise<ScriptedCore> {
    const isf = new ScriptedCore('isf', this.#journal(), this.patienceMilliseconds);
    await isf.open();
    this.closeLater(() => isf.close());
    const { user } = this.account(servedUser);
    const { neighbours } = this.#server();
    this.note('isf route', `<${neighbours.isf};lr>`);
    neighbours.interworkAt(user, await this.through({ at: 'isf', end: 'far' }, isf.address));
    return isf;
  }

  /** Records what the server posts about that user, as requests that `webhook of <user>` receives. */
  webhook(servedUser: string): void {
    const watch = { at: `webhook of ${servedUser}`, end: 'near' } as const;
    const { tamperer } = this.#options;
    const take = (octets: string): void => this.#receive(watch.at, octets);
    this.#server().neighbours.readNotices(this.account(servedUser).user, (octets) => {
      for (const one of tamperer?.pass(octets, this.#passing(watch, 'inbound')) ?? [octets]) take(one);
    });
    this.#ways.push({ watch, inject: (_direction, octets) => take(octets) });
  }

  /** The address to use for a server: its own, or that of a relay before it when this run tampers. */
  async through(watch: Watch, far: Address, outsideHost = '127.0.0.1'): Promise<Address> {
    const { tamperer } = this.#options;
    if (tamperer === undefined) return far;
    const relay = new Relay({
      far,
      outsideHost,
      passing: (direction, octets) => tamperer.pass(octets, this.#passing(watch, direction)),
    });
    const port = await relay.open();
    this.#ways.push({ watch, inject: (direction, octets) => relay.inject(direction, octets) });
    this.closeLater(() => relay.close());
    return { host: '127.0.0.1', port };
  }

  /** Waits for a message or report without which the scenario cannot go on. */
  async expect(selector: WireSelector | ReportSelector): Promise<Captured> {
    const found = await this.#capture.first((captured) => selects(selector, captured), this.patienceMilliseconds);
    if (found === undefined) this.stop(`has not come: ${describeSelector(selector)}`);
    return found;
  }

  /** The result of work that may wait for an answer that never comes (Timer F takes 32 s); the scenario stops without it. */
  async within<T>(work: Promise<T>): Promise<T> {
    const late = AbortSignal.timeout(this.patienceMilliseconds);
    const never = new Promise<never>((_, reject) => {
      late.addEventListener('abort', () => reject(new ScenarioStopped('an answer has not come')), { once: true });
    });
    return Promise.race([work, never]);
  }

  /** Ends the scenario here: what follows would make no sense. */
  stop(reason: string): never {
    throw new ScenarioStopped(reason);
  }

  report(at: string, about: string, report: unknown): void {
    this.#capture.add({ kind: 'report', at, phase: this.#phase, about, report });
  }

  /** What `opencpm <command> --json` prints once it satisfies `ready`, or what it printed last. */
  async operator(command: readonly string[], ready?: (printed: readonly unknown[]) => boolean): Promise<readonly unknown[]> {
    return this.repeat(() => this.#server().command(...command), ready);
  }

  /** What `look` shows once it satisfies `ready`, or what it showed last. */
  async repeat<T>(look: () => Promise<T>, ready: (shown: T) => boolean = () => true): Promise<T> {
    const deadline = performance.now() + this.patienceMilliseconds;
    let shown = await look();
    while (!ready(shown) && performance.now() < deadline) shown = await look();
    return shown;
  }

  /** What `opencpm user rule add` does, and other commands about a user: `administer('bob', 'POST', 'rules', {…})`. */
  administer(name: string, method: string, what: string, body?: object): Promise<unknown> {
    return this.#server().administer(method, `/v1/users/${this.account(name).user}/${what}`, body);
  }

  closeLater(close: () => void | Promise<void>): void {
    this.#closing.unshift(close);
  }

  async close(): Promise<void> {
    for (const close of this.#closing) await close();
  }

  #server(): ServerUnderTest {
    if (this.#options.server === undefined) throw new TypeError('this scenario runs without a server');
    return this.#options.server;
  }

  #passing(watch: Watch, direction: Direction): Passing {
    const label = (message: WireMessage): string | undefined => this.#labels.get(headerText(message, 'Call-ID') ?? '');
    return { watch, direction, phase: this.#phase, label, record: this };
  }

  #receive(at: string, octets: string): void {
    const message = readWireMessage(octets);
    if (message === undefined) return;
    this.#capture.add({ kind: 'wire', at, direction: 'received', phase: this.#phase, label: undefined, octets, message });
  }

  #journal(): Journal {
    return { capture: this.#capture, phase: () => this.#phase, labels: this.#labels };
  }
}
