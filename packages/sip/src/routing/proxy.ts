/**
 * A stateful forking proxy (RFC 3261 §16) over an endpoint: it forwards a request to targets that its user has chosen,
 * and brings back what its sender is to hear. Whom to serve, and where to, is the user's decision.
 */
import type { InviteServerTransaction } from '../endpoint/invite-options.ts';
import type { ServerTransaction } from '../endpoint/options.ts';
import { responseTo, type SipRequest } from '../message/message.ts';
import { TimerWheel } from '../timer-wheel.ts';
import { forwardedRequest } from './forward-request.ts';
import { LoopDetection } from './loop-detection.ts';
import { defaultProxyLimits, type Forwarding, type ProxyLimits, type ProxyOptions, type ProxyTarget } from './proxy-options.ts';
import { Relay } from './relay.ts';

export class StatefulProxy {
  readonly #options: ProxyOptions;
  readonly #limits: ProxyLimits;
  readonly #loops: LoopDetection;
  readonly #wheel: TimerWheel;

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#limits = { ...defaultProxyLimits, ...options.limits };
    this.#loops = new LoopDetection(options);
    this.#wheel = new TimerWheel(options.clock);
  }

  /** Forwards any request but ACK and CANCEL; 482 when it has been here with the same destination. */
  forward(transaction: ServerTransaction | InviteServerTransaction, forwarding: Forwarding): void {
    const digest = this.#loops.digest(forwarding.request);
    if (this.#loops.isLoop(forwarding.request, digest)) {
      transaction.respond(responseTo(transaction.request, 482, { toTag: this.#options.newTag() }));
      forwarding.answered?.(482);
      return;
    }
    const { endpoint, newTag, fault, clock } = this.#options;
    const relay = new Relay(
      {
        endpoint,
        wheel: this.#wheel,
        limits: this.#limits,
        newTag,
        fault,
        now: () => clock.now(),
        newBranch: () => this.#loops.newBranch(digest),
      },
      transaction,
      forwarding,
    );
    relay.start();
  }

  /** Forwards an ACK to a 2xx, without state (RFC 3261 §16.11). It has no answer, so that what is wrong with it is dropped. */
  async acknowledge(received: SipRequest, target: ProxyTarget): Promise<void> {
    const digest = this.#loops.digest(received);
    const { request, nextHop } = forwardedRequest(received, target);
    if (nextHop === undefined || this.#loops.isLoop(received, digest)) return;
    const [place] = await target.locate(nextHop);
    if (place === undefined) return;
    const options = { branch: this.#loops.newBranch(digest), ...(target.detour && { detour: target.detour }) };
    this.#options.endpoint.acknowledge(target.finish?.(request, place) ?? request, place, options);
  }
}
