import { anonymityRequested } from '@opencpm/cpm';
import {
  type AddressFamily,
  type ClientOutcome,
  familyOf,
  formatUri,
  Headers,
  type Located,
  type LocateOptions,
  locateServers,
  responseTo,
  retryAfterHeader,
  type SipRequest,
  type SipResponse,
  type SipUri,
  type Target,
} from '@opencpm/sip';
import type { Configuration } from '../configuration/configuration.ts';
import type { CoreContext } from './core-context.ts';
import { NextHopMemory } from './next-hop-memory.ts';
import { relayed } from './own-answers.ts';
import type { TrustedPeers } from './trusted-peers.ts';
import type { Ways } from './ways.ts';

/** Shorter than Timer F of the sender (RFC 3261 §17.1.2.2), who would not hear an answer after that. */
const nextHopMilliseconds = 30_000;

/**
 * How long a target may be silent while there is another one. A living server says 100 when it was sent the request for
 * the fourth time, after 3.5 s, or the fifth, after 7.5 s (RFC 4320 §4.1); a connection is open long before.
 */
const silenceMilliseconds = 8_000;

/** What a sender is told when nobody says how long it will last. */
const retryAfterSeconds = 30;

export interface NextHopParts {
  readonly context: CoreContext;
  readonly ways: Ways;
  readonly trustedPeers: TrustedPeers;
}

/**
 * The way out of this domain (RFC 3263 §4). A target that fails, answers 503 or says nothing at all is followed by the
 * next one (§4.3). A 100 holds a request to its target: it is being dealt with there, and a second copy elsewhere would
 * be a second message. So a message comes twice only when a server got it and could say nothing for 8 s; Call-ID, From
 * tag and CSeq are then the same, by which its client can tell (RFC 3261 §8.2.2.2), and so are its message ids.
 */
export class NextHops {
  readonly #parts: NextHopParts;
  readonly #memory = new NextHopMemory();
  readonly #options: LocateOptions;

  constructor(parts: NextHopParts) {
    this.#parts = parts;
    this.#options = { random: parts.ways.random, ...spoken(parts.context.configuration) };
  }

  /** Where a request to that URI may be sent now, in the order in which to try; none when there is no such place. */
  async targets(uri: SipUri): Promise<readonly Target[]> {
    const located = await this.#locate(uri);
    // Who wrote the URI is a peer in most cases: that it leads nowhere is no fault here.
    if (located.kind !== 'located') this.#parts.context.log.debug({ reason: located.reason }, 'A URI leads nowhere.');
    return this.#memory.inOrder(serversOf(located), this.#now);
  }

  /** For who sends requests to `targets` in his own way: what became of one. Gives whether the next target is due. */
  tried(target: Target, outcome: ClientOutcome): boolean {
    if (outcome.kind === 'response' && outcome.response.status !== 503) {
      this.#memory.worked(target);
      return false;
    }
    const seconds = outcome.kind === 'response' ? (outcome.response.headers.value(retryAfterHeader)?.seconds ?? 0) : 0;
    if (seconds > 0) this.#memory.busy(target, seconds, this.#now);
    else this.#memory.failed(target, this.#now);
    return true;
  }

  /** Sends a request of a function on its way by that next hop; never rejects. */
  async send(request: SipRequest, nextHop: SipUri): Promise<SipResponse> {
    const deadline = this.#now + nextHopMilliseconds;
    const located = await this.#locate(nextHop);
    if (located.kind !== 'located') this.#tellOperator(located.reason);
    const targets = this.#memory.inOrder(serversOf(located), this.#now);
    let silent = false;
    for (const [place, target] of targets.entries()) {
      if (this.#now >= deadline) break;
      const until = place < targets.length - 1 ? Math.min(deadline, this.#now + silenceMilliseconds) : deadline;
      const outcome = await this.#attempt(this.#composed(request, nextHop, target), target, { until, deadline });
      if (!this.tried(target, outcome) && outcome.kind === 'response') return relayed(request, outcome.response);
      silent ||= outcome.kind === 'timeout';
    }
    // Silence counts as absence, and MESSAGE must not be answered 408 (RFC 4320 §4.1).
    return responseTo(request, silent ? 480 : 503, { headers: this.#comeAgain(serversOf(located)) });
  }

  get #now(): number {
    return this.#parts.context.clock.now();
  }

  #locate(uri: SipUri): Promise<Located> {
    return locateServers(uri, this.#parts.ways.network.dns, this.#options);
  }

  #tellOperator(reason: string): void {
    this.#parts.context.log.error({ where: 'resolve a next hop', reason }, 'The host of a route has no address.');
  }

  /** One request with a branch of its own; a target that has shown that it lives has time until the deadline. */
  async #attempt(request: SipRequest, target: Target, { until, deadline }: Patience): Promise<ClientOutcome> {
    const { clock } = this.#parts.context;
    const patience = new AbortController();
    const end = () => patience.abort();
    let cancelWake = clock.wakeAt(until, end);
    const onProvisional = () => {
      cancelWake();
      cancelWake = clock.wakeAt(deadline, end);
    };
    const outcome = await this.#parts.ways.endpoint.request(request, target, { signal: patience.signal, onProvisional });
    cancelWake();
    return patience.signal.aborted ? { kind: 'timeout' } : outcome;
  }

  /** A trusted next hop gets our word for who sends this; an identity that its owner wants withheld goes no further (RFC 3325 §5). */
  #composed(request: SipRequest, nextHop: SipUri, target: Target): SipRequest {
    const headers = request.headers.without('Via').prepend('Route', `<${formatUri(nextHop)};lr>`);
    const host = 'flow' in target ? target.flow.remote.host : target.address.host;
    const withheld = anonymityRequested(headers) && !this.#parts.trustedPeers.includes(host);
    return { ...request, headers: withheld ? headers.without('P-Asserted-Identity') : headers };
  }

  /** When all targets said when they take requests again, the first of those times; else soon. */
  #comeAgain(targets: readonly Target[]): Headers {
    const waits = targets.map((target) => this.#memory.bannedMilliseconds(target, this.#now));
    const banned = waits.length > 0 && waits.every((milliseconds) => milliseconds > 0);
    return Headers.of(['Retry-After', String(banned ? Math.ceil(Math.min(...waits) / 1000) : retryAfterSeconds)]);
  }
}

interface Patience {
  /** When the request is given up unless a provisional response came. */
  readonly until: number;
  readonly deadline: number;
}

function serversOf(located: Located): readonly Target[] {
  return located.kind === 'located' ? located.servers : [];
}

/** Datagrams leave by a listener, connections need none; families in the order of the operator's listeners. */
function spoken({ listen }: Configuration): Pick<LocateOptions, 'transports' | 'families'> {
  const families: readonly AddressFamily[] = [...new Set(listen.map(({ host }) => familyOf(host)))];
  return { transports: listen.some(({ transport }) => transport === 'UDP') ? ['UDP', 'TCP'] : ['TCP'], families };
}
