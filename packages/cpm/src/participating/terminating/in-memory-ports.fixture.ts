import { Headers, responseTo, type SipRequest } from '@opencpm/sip';
import type { Binding } from '../../common/binding.ts';
import { userId } from '../../common/identifiers.ts';
import type {
  AdapterAbsent,
  AnonymousOriginators,
  Ids,
  OutcomeRecord,
  QueueFault,
  Recording,
  ServedRequest,
  StoringOutcome,
} from '../../ports.ts';
import { noPreferences, type Preferences } from '../../preferences/preferences.ts';
import type { ServiceProviderPolicy } from '../../service-provider-policy.ts';
import type { TerminatingContext } from './terminating-message.ts';

export const now = Date.UTC(2026, 0, 15, 12);
export const bob = userId('bob');

/** What a scenario says of the world around the function. */
export interface Surroundings {
  readonly preferences?: Preferences;
  readonly clients?: readonly Binding[];
  /** The status that every client answers; left out, none is reached. */
  readonly clientAnswers?: number;
  readonly isf?: number;
  /** The UID under which everything is recorded; left out, there is no message store. */
  readonly recordedAs?: number;
  /** What storing instead of delivering comes to, when it fails. */
  readonly storing?: StoringOutcome;
  readonly onward?: number;
  readonly policy?: Partial<ServiceProviderPolicy>;
  /** What keeping the sender of an anonymous message comes to, when it fails. */
  readonly rememberFault?: QueueFault;
}

/** A function among ports that keep everything in memory, and the calls that it made, in order. */
export interface Surrounded {
  readonly context: TerminatingContext;
  readonly calls: string[];
  readonly outcomes: OutcomeRecord['outcome'][];
}

const absent = (port: string): AdapterAbsent => ({ kind: 'absent', port });

const usualPolicy: ServiceProviderPolicy = {
  answerWithinMilliseconds: 10_000,
  undelivered: 'defer',
  plainClients: 'deliver',
  anonymity: 'allow',
  ownDeviceCopies: 'always',
  maxExpirySeconds: 3600,
  minRelease: undefined,
  unknownRelease: 'accept',
  expiryNotices: 'send',
  pushInFlightPerClient: 8,
  pushRetryFirstMilliseconds: 30_000,
  pushRetryMaxMilliseconds: 3_600_000,
};

export function surrounded(surroundings: Surroundings = {}): Surrounded {
  const calls: string[] = [];
  const outcomes: OutcomeRecord['outcome'][] = [];
  const { isf } = surroundings;
  let count = 0;
  const name = () => {
    count += 1;
    return `name-${count}`;
  };
  /** Writes a call down and goes on with what came of it. */
  const called = <T>(call: string, outcome: T): T => {
    calls.push(call);
    return outcome;
  };
  const answered = (request: SipRequest, status: number) => ({ kind: 'answered', response: responseTo(request, status) }) as const;
  const ports: TerminatingContext['ports'] = {
    sipCore: {
      onward: async (request) => called(`onward ${request.uri}`, responseTo(request, surroundings.onward ?? 200)),
      toClient: async (client, request) => {
        calls.push(`to ${client.client}${request.headers.has('Message-UID') ? ` with UID ${request.headers.text('Message-UID')}` : ''}`);
        return surroundings.clientAnswers !== undefined
          ? answered(request, surroundings.clientAnswers)
          : { kind: 'unreachable', reason: '' };
      },
    },
    registrations: { of: () => surroundings.clients ?? [] },
    preferences: { of: async () => surroundings.preferences ?? noPreferences },
    recording: recordingAs(surroundings, calls),
    isf: { interwork: async (request) => called('interwork', isf === undefined ? absent('Isf') : answered(request, isf)) },
    deferredQueue: {
      store: async () => called('defer', { kind: 'stored' }),
      waiting: async () => [],
      waitingInConversation: async () => [],
      attemptFailed: async () => undefined,
      remove: async () => true,
      expired: async () => [],
      nextExpiry: async () => undefined,
    },
    anonymousOriginators: originatorsRemembered(calls, surroundings.rememberFault),
    expiryWatch: { expect: () => undefined },
    outbox: { owe: async ({ id }) => void calls.push(`owe ${id.split(' ').at(-1)}`), wake: () => undefined },
    pushes: {
      request: (_owner, client) => void calls.push(`push to ${client.client}`),
      hold: () => undefined,
      holds: () => false,
      underWay: () => undefined,
      isUnderWay: () => false,
      ended: () => undefined,
    },
    outOfBand: { notify: (_user, { kind }) => void calls.push(`out of band: ${kind}`) },
    recentMessages: { find: () => undefined, remember: () => undefined },
    charging: { outcome: ({ outcome }) => void outcomes.push(outcome) },
    clock: { now: () => now, wait: () => ({ over: new Promise(() => undefined), cancel: () => undefined }) },
    ids: idsBy(name),
    diagnostics: { fault: (where) => void calls.push(`fault: ${where}`) },
    contentCodings: { names: [], decode: () => undefined },
  };
  const policy = { ...usualPolicy, ...surroundings.policy };
  return { context: { ports, policy, self: { host: 'cpm.test', server: 'CPM-serv/OMA2.1 X/1', newTag: name } }, calls, outcomes };
}

function recordingAs({ recordedAs: uid, storing }: Surroundings, calls: string[]): Recording {
  const copy = (known: number) => ({
    uid: known,
    keep: () => void calls.push(`keep ${known}`),
    remove: async (waiting?: string) => void calls.push(`remove ${known}${waiting === undefined ? '' : ' if it waits'}`),
  });
  return {
    record: async () => {
      calls.push('record');
      return uid === undefined ? absent('Recording') : { kind: 'recorded', copy: copy(uid) };
    },
    store: async () => {
      calls.push('store in the message store');
      return storing ?? (uid === undefined ? absent('Recording') : { kind: 'stored' });
    },
  };
}

function idsBy(name: () => string): Ids {
  return {
    unique: name,
    uuid: name,
    tag: name,
    ordered: name,
    deliveryNames: (_subject, client, attempt) => ({
      callId: client,
      fromTag: client,
      branch: `z9hG4bK${client}`,
      sequence: attempt + 1,
    }),
  };
}

function originatorsRemembered(calls: string[], fault: QueueFault | undefined): AnonymousOriginators {
  return {
    remember: async ({ recipient, messageId, originator, expiresAt }) => {
      calls.push(`remember ${recipient} ${messageId} ${originator} for ${(expiresAt - now) / 1000} s`);
      return fault;
    },
    find: async () => undefined,
  };
}

export function served(text: string, ...more: readonly (readonly [string, string])[]): ServedRequest {
  const headers = Headers.of(
    ['Via', 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa'],
    ['From', '<sip:alice@cpm.test>;tag=a'],
    ['To', '<sip:bob@cpm.test>'],
    ['Call-ID', 'a'],
    ['CSeq', '1 MESSAGE'],
    ['P-Asserted-Identity', '<sip:alice@cpm.test>'],
    ['Content-Type', 'text/plain'],
    ...more,
  );
  const request: SipRequest = {
    kind: 'request',
    method: 'MESSAGE',
    uri: 'sip:bob@cpm.test',
    headers,
    body: new TextEncoder().encode(text),
  };
  return { request, servedUser: bob, hops: [], arrivedAt: now };
}
