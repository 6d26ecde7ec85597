/** An endpoint with its transactions on a scripted network: datagrams, streams, and answers to what it sends. */
import assert from 'node:assert/strict';
import {
  type ClientOutcome,
  Endpoint,
  type Flow,
  Headers,
  type Listener,
  responseTo,
  type ServerTransaction,
  type SipRequest,
  StreamFramer,
} from '@opencpm/sip';
import { nodeHashes, nodeOctets } from '@opencpm/sip/node';
import type { SeededRandom } from '@opencpm/testkit';
import { ManualClock } from '../../packages/sip/src/node/test-support/manual-clock.ts';
import { ScriptedNetwork } from '../../packages/sip/src/node/test-support/scripted-network.ts';
import { assertAnswersOne, octetsIn, requestIn, sentMessage } from '../answer-oracle.ts';
import { gentle, mutate, rough } from '../mutate.ts';
import { anyMessages } from '../seeds.ts';
import type { Life, Target } from '../target.ts';
import { withoutEcho } from '../words.ts';

export const endpointTarget: Target = {
  name: 'endpoint',
  share: 15,
  seeds: anyMessages,
  roughness: [gentle, rough],
  casesPerLife: 20_000,
  open: (random) => EndpointLife.begin(random),
};

const source = { host: '198.51.100.7', port: 5070 };
/** Longer than any transaction lives (Timer F and Timer J), in milliseconds. */
const longestTransaction = 40_000;
/** Cases after which the transactions are let run out. */
const casesBetweenPauses = 500;

class EndpointLife implements Life {
  readonly #clock = new ManualClock();
  readonly #network = new ScriptedNetwork();
  readonly #endpoint: Endpoint;
  readonly #faults: unknown[] = [];
  readonly #words: string[] = [];
  #random: SeededRandom;
  #listener: Listener | undefined;
  #cases = 0;

  static async begin(random: SeededRandom): Promise<EndpointLife> {
    const life = new EndpointLife(random);
    life.#listener = await life.#endpoint.listen('UDP', { host: '192.0.2.1', port: 5060 });
    return life;
  }

  private constructor(random: SeededRandom) {
    this.#random = random;
    this.#clock.time = 1_000_000;
    this.#endpoint = new Endpoint({
      clock: this.#clock,
      network: this.#network,
      random: random.fork('endpoint'),
      octets: nodeOctets,
      hashes: nodeHashes(),
      userAgentOrServer: 'fuzzed/1',
      on: {
        fault: (error) => this.#faults.push(error),
        malformed: (reason) => this.#words.push(`malformed ${withoutEcho(reason)}`),
        stray: () => this.#words.push('stray'),
        refused: (status) => this.#words.push(`refused ${status}`),
        retransmitted: () => this.#words.push('again'),
      },
    });
    this.#endpoint.onRequest = (transaction) => this.#answer(transaction);
  }

  run(octets: Buffer, mark: string, random: SeededRandom): readonly string[] | Promise<readonly string[]> {
    this.#random = random;
    this.#words.length = 0;
    this.#cases += 1;
    if (this.#cases % casesBetweenPauses === 0) this.#pause();
    if (random.chance(0.2)) return this.#response(mark, random);
    if (random.chance(0.3)) this.#stream(octets, random);
    else this.#datagram(octets);
    return this.#result();
  }

  end(): Promise<void> {
    this.#pause();
    return this.#endpoint.close();
  }

  /** Sent twice: the copy gets the same answer. */
  #datagram(octets: Buffer): void {
    const flow = this.#network.datagramFlow(this.#bound(), source);
    const first = this.#deliver(octets, flow);
    // A mutation can make it the retransmission of an earlier case, whose answer it then gets.
    if (this.#words.includes('again')) return;
    const request = requestIn(octets);
    this.#checkAnswers(first, request === undefined ? [] : [request]);
    const second = this.#deliver(octets, flow);
    assert.deepEqual(second, first, 'a retransmission got another answer');
  }

  #stream(octets: Buffer, random: SeededRandom): void {
    const flow = this.#network.connection(source);
    const sent: string[] = [];
    for (let start = 0; start < octets.length && !flow.closed; ) {
      const end = start + 1 + Math.ceil(octets.length / 50) + random.integer(400);
      sent.push(...this.#deliver(octets.subarray(start, end), flow));
      start = end;
    }
    if (!this.#words.includes('again')) this.#checkAnswers(sent, requestsOf(octets));
    flow.close();
  }

  #deliver(octets: Buffer, flow: Flow): readonly string[] {
    this.#network.deliver(octets.toString('latin1'), flow);
    return this.#network.take().map(({ text }) => text);
  }

  #checkAnswers(sent: readonly string[], requests: readonly SipRequest[]): void {
    for (const text of sent) {
      if (text === '\r\n') continue;
      const message = sentMessage(Buffer.from(text, 'latin1'));
      assert.ok(message.kind === 'response', 'a request that nobody asked for');
      assertAnswersOne(
        requests.map((request) => ({ request, source })),
        message,
      );
      this.#words.push(`answer ${message.status} ${withoutEcho(message.reason)}`);
    }
  }

  /** A request of ours, and mutated answers to it. */
  async #response(mark: string, random: SeededRandom): Promise<readonly string[]> {
    const flow = this.#network.datagramFlow(this.#bound(), source);
    const outcome = this.#endpoint.request(ownRequest(mark), { flow });
    const [sent] = this.#network.take();
    const request = requestIn(Buffer.from(sent?.text ?? '', 'latin1'));
    assert.ok(request !== undefined, 'our own request is none');
    const answer = Buffer.from(answerText(request, random.pick([100, 180, 200, 202, 404, 503, 699])), 'latin1');
    for (let count = 0; count < 3; count += 1) this.#deliver(mutate(answer, random, random.pick(anyMessages)), flow);
    const settled = await Promise.race([outcome, Promise.resolve(undefined)]);
    this.#checkOutcome(request, settled);
    return this.#result();
  }

  #checkOutcome(request: SipRequest, outcome: ClientOutcome | undefined): void {
    this.#words.push(`outcome ${outcome?.kind}`);
    if (outcome?.kind !== 'response') return;
    assert.ok(outcome.response.status >= 200, 'a provisional response ended a transaction');
    assert.equal(outcome.response.headers.text('CSeq')?.split(/\s+/)[1]?.toUpperCase(), request.method);
  }

  #answer(transaction: ServerTransaction): void {
    const status = this.#random.pick([200, 202, 404, 480, 486, 603]);
    transaction.respond(responseTo(transaction.request, status, { toTag: 'fuzz' }));
  }

  #result(): readonly string[] {
    assert.deepEqual(this.#faults.splice(0).map(String), [], 'a fault of the program');
    assert.ok(this.#network.sent.length === 0, 'something was sent late');
    return [...this.#words];
  }

  /** Time runs out for every transaction; nothing is kept and nothing waits. */
  #pause(): void {
    this.#clock.advance(longestTransaction);
    this.#network.take();
    const { serverTransactions, clientTransactions, connections } = this.#endpoint.load;
    assert.deepEqual(
      { serverTransactions, clientTransactions, connections },
      { serverTransactions: 0, clientTransactions: 0, connections: 0 },
    );
    assert.equal(this.#clock.wakes, 0, 'timers are left over');
  }

  #bound(): Listener {
    assert.ok(this.#listener !== undefined);
    return this.#listener;
  }
}

function requestsOf(stream: Buffer): readonly SipRequest[] {
  return new StreamFramer(nodeOctets).push(stream).flatMap((event) => {
    const octets = octetsIn(event);
    const request = octets === undefined ? undefined : requestIn(octets);
    return request === undefined ? [] : [request];
  });
}

function ownRequest(mark: string): SipRequest {
  const headers = Headers.of(
    ['Max-Forwards', '70'],
    ['From', '<sip:alice@example.net>;tag=1'],
    ['To', '<sip:bob@example.net>'],
    ['Call-ID', mark],
    ['CSeq', '1 MESSAGE'],
  );
  return { kind: 'request', method: 'MESSAGE', uri: 'sip:bob@example.net', headers, body: new Uint8Array(0) };
}

function answerText(request: SipRequest, status: number): string {
  const copied = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map((name) => `${name}: ${request.headers.text(name)}`);
  return [`SIP/2.0 ${status} Reason`, ...copied, 'Content-Length: 0', '', ''].join('\r\n');
}
