import { type ClientAnswer, contributionIdHeader, type UserId } from '@opencpm/cpm';
import type { Endpoint, HostPort, ServerTransaction, SipRequest } from '@opencpm/sip';
import type { RunningPushes } from '../adapters/pushes.ts';
import type { ClientsElsewhere } from '../core/clients-elsewhere.ts';
import type { Location } from '../core/location.ts';
import { withToTag } from '../core/own-answers.ts';
import type { LocatedBinding } from '../core/stored-binding.ts';
import { answerOfNode, answerToNode } from './client-answers.ts';
import type { NodeRoutes } from './node-routes.ts';

export interface OtherNodesParts {
  readonly endpoint: Endpoint;
  readonly routes: NodeRoutes;
  readonly addressOf: (node: string) => HostPort | undefined;
}

/** To the node that has the client's flow, by its internal listener. */
export class OtherNodes implements ClientsElsewhere {
  readonly #parts: OtherNodesParts;

  constructor(parts: OtherNodesParts) {
    this.#parts = parts;
  }

  async send(request: SipRequest, { owner, client, stored }: LocatedBinding, branch: string | undefined): Promise<ClientAnswer> {
    const { endpoint, routes, addressOf } = this.#parts;
    const address = addressOf(stored.node ?? '');
    // Until its clients are another one's: then they are pushed to.
    if (address === undefined) return { kind: 'not-sent', reason: 'the client’s node is away' };
    const headers = request.headers.prepend('Route', routes.issue(request, { owner, client, branch }));
    const outcome = await endpoint.request({ ...request, headers }, { transport: 'TCP', address });
    if (outcome.kind === 'response') return answerOfNode(outcome.response);
    if (outcome.kind === 'timeout') return { kind: 'unreachable', reason: 'no answer' };
    return { kind: 'not-sent', reason: `the client’s node: ${outcome.reason}` };
  }
}

export interface FromNodesParts {
  readonly routes: NodeRoutes;
  readonly location: Location;
  readonly pushes: RunningPushes;
  readonly newTag: () => string;
  readonly toClient: (owner: UserId, client: string, request: SipRequest, branch: string | undefined) => Promise<ClientAnswer>;
}

/** Requests of other nodes for clients of this one: sent over the client's flow, with no function in between. */
export class FromNodes {
  readonly #parts: FromNodesParts;

  constructor(parts: FromNodesParts) {
    this.#parts = parts;
  }

  /** Undefined when no node has sent this. */
  received(transaction: ServerTransaction): Promise<void> | undefined {
    const { request } = transaction;
    const route = request.headers.has('Route') ? this.#parts.routes.read(request) : undefined;
    if (route === undefined) return undefined;
    const { location } = this.#parts;
    const binding = location.of(route.owner).find((candidate) => location.isHere(candidate) && route.isFor(candidate.client));
    const answered = binding === undefined ? Promise.resolve(notRegistered) : this.#relay(request, binding, route.branch);
    return answered.then((answer) => transaction.respond(withToTag(answerToNode(request, answer), this.#parts.newTag)));
  }

  #relay(received: SipRequest, binding: LocatedBinding, branch: string | undefined): Promise<ClientAnswer> {
    const { toClient, pushes } = this.#parts;
    const request = { ...received, headers: received.headers.without('Via').without('Route') };
    const answered = toClient(binding.owner, binding.client, request, branch);
    const accepted = answered.then((answer) => answer.kind === 'answered' && answer.response.status < 300);
    pushes.relay(binding, request.headers.value(contributionIdHeader), accepted);
    return answered;
  }
}

const notRegistered: ClientAnswer = { kind: 'not-registered' };
