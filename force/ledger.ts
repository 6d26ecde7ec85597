import type { Message } from './message.ts';

/** What senders, recipients and the killer have seen. Times are milliseconds of one monotonic clock. */
export interface Ledger {
  readonly messages: ReadonlyMap<string, MessageEntry>;
  readonly kills: readonly Kill[];
  /** IMDN Message-IDs of what is in the queue at the end. */
  readonly waiting: readonly string[];
}

export interface MessageEntry {
  readonly message: Message;
  readonly tries: readonly Try[];
  readonly shown: readonly Shown[];
  /** Notifications of its failure that its sender was shown. */
  readonly failures: readonly Shown[];
}

/** One transaction of the sender. */
export interface Try {
  readonly sentAt: number;
  readonly answeredAt?: number;
  /** Undefined when nobody answered (Timer F). */
  readonly status?: number;
}

/** A request that a client has answered with 200. */
export interface Shown {
  readonly client: string;
  readonly at: number;
  /** Call-ID, CSeq and From tag: what tells a retransmission from another request. */
  readonly names: string;
  readonly isPushed: boolean;
}

export interface Kill {
  readonly at: number;
  readonly moment: string;
  /** When the server was there again. What was sent to it in between, it never got. */
  readonly backAt: number;
}

/** Where a message is in the end. */
export type Place = 'delivered' | 'waiting' | 'expired' | 'not accepted' | 'lost';

export interface Verdict {
  readonly place: Place;
  /** Shown twice by one client, for no reason that is known. */
  readonly isDoubled: boolean;
  readonly violations: readonly string[];
  /** What is known to remain, and this message met. */
  readonly remainders: readonly Remainder[];
}

/**
 * `shown again`: relayed at once, killed when a client had answered and before that had come to anything: before its sender,
 * who sends it anew, had the 200, or before its row, when he had a 202 already, was out of the queue.
 * `told of both`: killed while it was on its way to a client, and started after its expiry (docs/decisions/0003-order-and-retries.md).
 */
export type Remainder = 'shown again' | 'told of both';

export function judge(entry: MessageEntry, ledger: Ledger): Verdict {
  const place = placeOf(entry, ledger);
  const pairs = shownAgain(entry.shown);
  const doubled = pairs.filter((pair) => !isRemainder(pair, entry, ledger)).map(doubledText);
  const remainder = pairs.length > doubled.length ? ['shown again'] : [];
  const lost = place === 'lost' ? ['accepted, and nowhere'] : [];
  const found = [...remainder, ...doubled, ...lost, ...judgeFailure(entry, ledger), ...judgeQueue(entry, ledger)];
  const violations = found.filter((text) => !isNamed(text));
  return { place, isDoubled: doubled.length > 0, violations, remainders: found.filter(isNamed) };
}

export function acceptedAt({ tries }: MessageEntry): number | undefined {
  return tries.find(({ status = 0 }) => status >= 200 && status < 300)?.answeredAt;
}

function placeOf(entry: MessageEntry, { waiting }: Ledger): Place {
  if (entry.shown.length > 0) return 'delivered';
  if (waiting.includes(entry.message.id)) return 'waiting';
  if (entry.failures.length > 0) return 'expired';
  return acceptedAt(entry) === undefined ? 'not accepted' : 'lost';
}

/** Two requests of one message at one client. */
interface Pair {
  readonly first: Shown;
  readonly later: Shown;
}

function shownAgain(shown: readonly Shown[]): Pair[] {
  return shown.flatMap((later, index) => {
    const first = shown.slice(0, index).find(({ client }) => client === later.client);
    return first === undefined || first.names === later.names ? [] : [{ first, later }];
  });
}

/** What a client makes of a relayed message is kept nowhere until the sender has his 200. */
function isRemainder({ first, later }: Pair, entry: MessageEntry, { kills }: Ledger): boolean {
  const relayedAt = entry.tries.find(({ status }) => status === 200)?.answeredAt ?? Number.POSITIVE_INFINITY;
  return !first.isPushed && kills.some(({ at, backAt }) => first.at <= backAt && at <= Math.min(relayedAt, later.at));
}

function doubledText({ first, later }: Pair): string {
  const how = ({ isPushed }: Shown) => (isPushed ? 'pushed' : 'relayed');
  return `shown twice by ${later.client}: ${how(first)} as ${first.names}, then ${how(later)} as ${later.names}`;
}

function judgeFailure({ message, tries, shown, failures }: MessageEntry, { kills }: Ledger): string[] {
  const [told, ...more] = failures;
  if (told === undefined) return [];
  const found = more.filter(({ names }) => names !== told.names).map(() => 'its sender was told twice that it failed');
  const due = (tries[0]?.sentAt ?? 0) + (message.expiresSeconds ?? Number.POSITIVE_INFINITY) * 1000;
  if (told.at < due) found.push('its sender was told that it failed before its time was over');
  const delivered = shown[0];
  if (delivered === undefined) return found;
  const crashed = kills.some(({ at, backAt }) => delivered.at <= backAt && at <= told.at);
  return [...found, crashed ? 'told of both' : 'delivered, and its sender was told that it failed'];
}

function judgeQueue({ message, shown }: MessageEntry, { waiting }: Ledger): string[] {
  const rows = waiting.filter((id) => id === message.id).length;
  return [
    ...(rows > 1 ? [`it is in the queue ${rows} times`] : []),
    ...(rows > 0 && shown.length > 0 ? ['delivered, and still in the queue'] : []),
  ];
}

function isNamed(text: string): text is Remainder {
  return text === 'shown again' || text === 'told of both';
}

/** All that happened to a message, a line each, in the order of time. */
export function storyOf({ message, tries, shown, failures }: MessageEntry, { kills }: Ledger): string[] {
  const seen = [
    ...tries.flatMap(({ sentAt, answeredAt }) => [sentAt, answeredAt ?? sentAt]),
    ...[...shown, ...failures].map(({ at }) => at),
  ];
  const [from, last] = [Math.min(...seen), Math.max(...seen)];
  // And the kill after which nothing was heard of it any more.
  const until = kills.find(({ at }) => at > last)?.at ?? last;
  const lines = [
    ...tries.map(({ sentAt }) => ({ at: sentAt, text: `${message.from} sends it to ${message.to}` })),
    ...tries.map(({ sentAt, answeredAt = sentAt, status }) => ({ at: answeredAt, text: `answer: ${status ?? 'none in the end'}` })),
    ...shown.map(({ at, client, isPushed, names }) => ({
      at,
      text: `${client} answers 200 to ${isPushed ? 'the push' : 'the relay'} ${names}`,
    })),
    ...failures.map(({ at, names }) => ({ at, text: `its sender is told that it failed, by ${names}` })),
    ...kills.filter(({ at }) => at >= from && at <= until).map(({ at, moment }) => ({ at, text: `kill -9 (${moment})` })),
  ];
  return lines.sort((one, other) => one.at - other.at).map(({ at, text }) => `${(at - from).toFixed(0).padStart(8)} ms  ${text}`);
}
