import type { EndpointEvents } from './options.ts';

/** The listeners, each of which can throw without harm to what the endpoint was doing. */
export type GuardedEvents = { readonly [Name in Exclude<keyof EndpointEvents, 'fault'>]-?: EndpointEvents[Name] | undefined };

export function guardedEvents(on: EndpointEvents, fault: (error: unknown) => void): GuardedEvents {
  return {
    received: guarded(on.received?.bind(on), fault),
    sent: guarded(on.sent?.bind(on), fault),
    malformed: guarded(on.malformed?.bind(on), fault),
    refused: guarded(on.refused?.bind(on), fault),
    retransmitted: guarded(on.retransmitted?.bind(on), fault),
    stray: guarded(on.stray?.bind(on), fault),
    unanswered: guarded(on.unanswered?.bind(on), fault),
    unacknowledged: guarded(on.unacknowledged?.bind(on), fault),
    undeliverable: guarded(on.undeliverable?.bind(on), fault),
    longDatagram: guarded(on.longDatagram?.bind(on), fault),
    flowOpened: guarded(on.flowOpened?.bind(on), fault),
    flowClosed: guarded(on.flowClosed?.bind(on), fault),
  };
}

type Listener<Arguments extends unknown[]> = (...what: Arguments) => void;

/** The listener, with what it throws on its way to `fault`. */
export function guarded<Arguments extends unknown[]>(
  listener: Listener<Arguments> | undefined,
  fault: (error: unknown) => void,
): Listener<Arguments> | undefined {
  if (listener === undefined) return undefined;
  return (...what) => {
    try {
      listener(...what);
    } catch (error) {
      fault(error);
    }
  };
}
