/** The whole server: strangers, a trusted peer, a user with her password, and clients whose answers are mutated too. */
import assert from 'node:assert/strict';
import { checkRequest, type Flow, type HostPort, maxForwardsHeader, type SipRequest, type SipResponse } from '@opencpm/sip';
import { answer, type PeerScript, type Received, type ScriptedPeer, type SeededRandom } from '@opencpm/testkit';
import { type Asked, assertAnswersOne, requestIn, sentMessage } from '../answer-oracle.ts';
import { withRightLength } from '../message-mutators.ts';
import { gentle, mutate, rough } from '../mutate.ts';
import { anyMessages, serverRequests } from '../seeds.ts';
import type { Life, Target } from '../target.ts';
import { withoutEcho } from '../words.ts';
import { beginServerWorld, type ServerWorld, serverPort } from './server-world.ts';

export const serverTarget: Target = {
  name: 'server',
  share: 10,
  seeds: [...serverRequests, ...serverRequests, ...anyMessages],
  roughness: [gentle, gentle, rough],
  casesPerLife: 2_000,
  open: async (random) => new ServerLife(await beginServerWorld(random)),
};

/** Longer than a datagram takes there, through the functions and to the next one's answer. Milliseconds. */
const caseMilliseconds = 10;
/** What one message may set going, in wakes of the virtual clock. */
const wakesPerCase = 2_000;
/** Longer than any transaction lives, and than a client may let one wait for its answer. Milliseconds. */
const longestTransaction = 120_000;
/** Longer than a message may wait in this world. Milliseconds. */
const longestExpiry = 3 * 86_400_000;
const casesBetweenPauses = 250;

type Origin = 'trusted' | 'stranger' | 'password' | 'connection';

class ServerLife implements Life {
  readonly #world: ServerWorld;
  readonly #asked = new Map<string, Asked[]>();
  /** What clients answered with of their own will; a server passes it on. */
  readonly #clientFailures = new Set<number>();
  #challenges: readonly SipResponse[] = [];
  #nonceCount = 0;
  #connection: Flow | undefined;
  #words: string[] = [];
  #cases = 0;

  constructor(world: ServerWorld) {
    this.#world = world;
    world.wire.take();
  }

  async run(octets: Buffer, _mark: string, random: SeededRandom): Promise<readonly string[]> {
    this.#words = [];
    if (this.#cases % casesBetweenPauses === 0) await this.#pause();
    this.#cases += 1;
    for (const client of this.#world.clients) client.script = this.#mutatedAnswer(random, client.address);
    await this.#send(octets, random.pick(['trusted', 'trusted', 'stranger', 'password', 'password', 'connection'] as const));
    await this.#letPass(caseMilliseconds);
    this.#check();
    return this.#words;
  }

  /** The last answers are right ones; then nothing waits any more, in the tables or in the database. */
  async end(): Promise<void> {
    const { clock, server, clients } = this.#world;
    for (const client of clients) client.script = () => answer(200);
    await this.#letPass(longestTransaction);
    await this.#letPass(longestExpiry);
    this.#check();
    const { deferredMessages, outboxRows } = await clock.runToEnd(server.server.administration.status(), 60_000);
    assert.deepEqual({ deferredMessages, outboxRows }, { deferredMessages: 0, outboxRows: 0 });
    this.#connection?.close();
    await clock.runToEnd(server.stop(), 60_000);
    await clock.runFor(caseMilliseconds); // Until the ends of connections have come to their peers.
    assert.equal(clock.pendingWakes, 0, 'timers are left over');
    this.#world.end();
  }

  async #send(octets: Buffer, origin: Origin): Promise<void> {
    const { trusted, stranger, alice } = this.#world;
    switch (origin) {
      case 'trusted':
        return this.#sendFrom(trusted, octets, serverPort);
      case 'stranger':
        return this.#sendFrom(stranger, octets, serverPort);
      case 'password':
        return this.#sendFrom(alice.peer, this.#withCredentials(octets), serverPort);
      case 'connection':
        return this.#sendFrom(alice.peer, this.#withCredentials(withRightLength(octets)), await this.#open());
    }
  }

  #sendFrom(peer: ScriptedPeer, octets: Buffer, to: HostPort | Flow): void {
    this.#noteRequest(octets, 'send' in to ? to.local : peer.address);
    peer.sendRaw(octets, to);
  }

  #noteRequest(octets: Buffer, source: HostPort): void {
    const request = requestIn(octets);
    const key = request?.headers.text('Call-ID') ?? '';
    if (request !== undefined) this.#asked.set(key, [...(this.#asked.get(key) ?? []), { request, source }]);
  }

  async #open(): Promise<Flow> {
    const { clock, alice } = this.#world;
    if (this.#connection === undefined || this.#connection.closed) {
      this.#connection = await clock.runToEnd(alice.peer.connect(serverPort), 60_000);
    }
    return this.#connection;
  }

  /** Alice's password for whatever the input asks for. */
  #withCredentials(octets: Buffer): Buffer {
    const text = octets.toString('latin1');
    const [method = '', uri = ''] = text.slice(0, text.indexOf('\r\n')).split(' ');
    const challenge = this.#challenges[method === 'REGISTER' ? 0 : 1];
    this.#nonceCount += 1;
    const credentials = challenge && this.#world.alice.credentials({ method, uri, from: '', to: '' }, challenge, {}, this.#nonceCount);
    if (credentials === undefined) return octets;
    return Buffer.from(
      text.replace('\r\n', () => `\r\n${credentials.join(': ')}\r\n`),
      'latin1',
    );
  }

  /** Transactions run out and nonces are new. */
  async #pause(): Promise<void> {
    const { alice } = this.#world;
    await this.#letPass(longestTransaction);
    this.#check();
    const register = { ...alice.registerTemplate(), headers: [] };
    const challenges = [await alice.exchange(register), await alice.exchange(alice.messageTemplate('sip:nobody@cpm.test'))];
    assert.deepEqual(
      challenges.map(({ status }) => status),
      [401, 407],
    );
    this.#world.wire.take();
    this.#challenges = challenges;
    this.#nonceCount = 0;
    this.#clientFailures.clear();
  }

  /** Counts what happens, so that a loop is found on every machine alike. */
  async #letPass(milliseconds: number): Promise<void> {
    let wakes = 0;
    const budget = Math.max(wakesPerCase, milliseconds / 10);
    const isOver = await this.#world.clock.runUntil(() => {
      wakes += 1;
      return wakes > budget;
    }, milliseconds);
    assert.ok(!isOver, `more than ${budget} wakes after one message`);
  }

  #check(): void {
    for (const { octets } of this.#world.wire.take()) this.#checkSent(octets);
    const { alice } = this.#world;
    for (const received of drained(alice.peer))
      if (received.flow.reliable && received.message !== undefined) this.#checkSent(received.octets);
    const faults = this.#world.server.log.splice(0).filter(({ level, fields }) => level === 'error' && !isUnreachable(fields.reason));
    assert.deepEqual(faults, [], 'the server says of a fault');
  }

  #checkSent(octets: Uint8Array): void {
    const message = sentMessage(octets);
    if (message.kind === 'request') {
      checkOwnRequest(message);
      return;
    }
    this.#words.push(answerWord(message));
    if (this.#clientFailures.has(message.status)) return;
    // A proxy sends on the Call-ID that the next one answered with, so that Via alone names the request.
    const asked = this.#asked.get(message.headers.text('Call-ID') ?? '') ?? [...this.#asked.values()].flat();
    assertAnswersOne(asked, message);
  }

  #mutatedAnswer(random: SeededRandom, client: HostPort): PeerScript {
    return ({ request }) => {
      if (random.chance(0.6)) return answer(random.pick([200, 200, 202, 404, 480, 486, 603]));
      const status = random.pick([100, 200, 202, 301, 404, 486, 699]);
      const copied = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map((name) => `${name}: ${request.headers.text(name)}`);
      const right = Buffer.from([`SIP/2.0 ${status} Reason`, ...copied, 'Content-Length: 0', '', ''].join('\r\n'), 'latin1');
      const text = mutate(right, random, random.pick(anyMessages)).toString('latin1');
      // A mutation can make it a request, to which we then owe an answer.
      this.#noteRequest(Buffer.from(text), client);
      const answered = /^SIP\/2\.0 (5\d\d) /i.exec(text)?.[1];
      if (answered !== undefined) this.#clientFailures.add(Number(answered));
      return { kind: 'raw', text };
    };
  }
}

/** A client whose address was mutated is not reached: an operator's concern, and no fault of the program. */
function isUnreachable(reason: string | number | boolean | undefined): boolean {
  return typeof reason === 'string' && reason.startsWith('too long for UDP, and over TCP: ');
}

/** Equal for equal answers to equal methods; what a peer wrote is left out. */
function answerWord({ headers, status, reason }: SipResponse): string {
  const method = /^\d+ (MESSAGE|REGISTER|OPTIONS|INVITE|CANCEL)$/.exec(headers.text('CSeq') ?? '')?.[1] ?? 'other';
  return `${method} ${status} ${withoutEcho(reason)}`;
}

/** What goes to a client is a request that anybody may receive. */
function checkOwnRequest(request: SipRequest): void {
  assert.equal(checkRequest(request), undefined, 'we sent a malformed request');
  assert.ok(request.headers.value(maxForwardsHeader) !== undefined, 'we sent a request without Max-Forwards');
  assert.equal(
    request.headers.has('Proxy-Authorization') && /realm="cpm\.test"/.test(request.headers.texts('Proxy-Authorization').join()),
    false,
  );
}

const seen = new WeakMap<ScriptedPeer, number>();

/** What came to the peer since the last call. */
function drained(peer: ScriptedPeer): readonly Received[] {
  const from = seen.get(peer) ?? 0;
  seen.set(peer, peer.received.length);
  return peer.received.slice(from);
}
