import type { ClientAnswer } from '@opencpm/cpm';
import type { ClientOutcome, Endpoint, SipRequest, SipUri, Target } from '@opencpm/sip';
import type { Location } from './location.ts';
import type { NextHops } from './next-hops.ts';
import type { LocatedBinding } from './stored-binding.ts';

export interface WayByEdge {
  readonly binding: LocatedBinding;
  readonly edge: SipUri;
  readonly branch: string | undefined;
}

/**
 * The way to clients behind an edge proxy: to the topmost hop of their Path (RFC 3327 §5.3), wherever that is now (RFC
 * 3263), by a connection of our own when it is TCP. What the edge itself is not fit for just now says nothing about the
 * client: only silence makes him unreachable.
 */
export class ToEdge {
  readonly #location: Location;
  readonly #endpoint: Endpoint;
  readonly #nextHops: NextHops;

  constructor(location: Location, endpoint: Endpoint, nextHops: NextHops) {
    this.#location = location;
    this.#endpoint = endpoint;
    this.#nextHops = nextHops;
  }

  async send(request: SipRequest, way: WayByEdge): Promise<ClientAnswer> {
    const { binding } = way;
    const outcome = await this.#tryEach(request, way);
    switch (outcome.kind) {
      case 'response':
        this.#location.heardOf([binding], undefined);
        return { kind: 'answered', response: outcome.response };
      case 'timeout':
        this.#location.markUnreachable(binding);
        return { kind: 'unreachable', reason: 'no answer' };
      case 'transport-failure':
        return { kind: 'unreachable', reason: outcome.reason };
    }
  }

  /** Each target is a request of its own (RFC 3263 §4.3), under a name that a repetition has again. */
  async #tryEach(request: SipRequest, { binding, edge, branch }: WayByEdge): Promise<ClientOutcome> {
    let outcome: ClientOutcome = { kind: 'transport-failure', reason: 'the edge has no address' };
    for (const [place, target] of (await this.#targets(binding, edge)).entries()) {
      outcome = await this.#endpoint.request(request, target, branch === undefined ? {} : { branch: branchAt(branch, place) });
      if (outcome.kind === 'timeout' || !this.#nextHops.tried(target, outcome)) break;
    }
    return outcome;
  }

  /** The flow that the edge has brought the client on is there when nothing else is. */
  async #targets({ flow }: LocatedBinding, edge: SipUri): Promise<readonly Target[]> {
    const located = await this.#nextHops.targets(edge);
    return flow === undefined || flow.closed ? located : [...located, { flow }];
  }
}

function branchAt(branch: string, place: number): string {
  return place === 0 ? branch : `${branch}.${place}`;
}
