import { SeededRandom } from '@opencpm/testkit';
import { domain } from '../world.ts';

/**
 * A day in a world, drawn from a seed before anything runs. Each event says all that it needs, so that a day without one
 * of them is a day too: that is how a failing one is made short.
 */
export interface DayPlan {
  readonly seed: number;
  readonly network: 'steady' | 'rough' | 'bad';
  /** How long a commit takes, and as long again its answer; 0 for at once. */
  readonly commitMilliseconds: number;
  readonly lines: Readonly<Record<DeviceName, PlannedLine>>;
  readonly events: readonly DayEvent[];
}

/** How a device and the server are connected. */
export interface PlannedLine {
  readonly transport: 'UDP' | 'TCP';
  /** Larger datagrams are swallowed; who is on such a line takes connections, too (RFC 3261 §18.2.1). */
  readonly maxDatagramOctets?: number;
  /** Of streams: how likely each piece is cut anywhere, the most that a piece carries, how likely it is met by a reset. */
  readonly splitting: number;
  readonly maxSegmentOctets: number;
  readonly resetting: number;
  /** Whoever loses a connection comes back by himself; else when the plan says so. Our own client always does. */
  readonly returns: boolean;
}

/** Milliseconds since the day began. */
export type DayEvent = { readonly at: number } & (
  | { readonly kind: 'register'; readonly device: DeviceName; readonly seconds: number }
  | { readonly kind: 'deregister'; readonly device: DeviceName }
  | { readonly kind: 'behave'; readonly device: DeviceName; readonly as: Behaviour }
  | ({ readonly kind: 'send'; readonly device: DeviceName } & PlannedMessage)
  /** The device shows its user the message that it got last. */
  | { readonly kind: 'display'; readonly device: DeviceName }
  | { readonly kind: 'rule'; readonly user: UserName; readonly rule: PlannedRule; readonly milliseconds: number }
  /** Cut off from the network. */
  | { readonly kind: 'lose-network'; readonly device: DeviceName; readonly milliseconds: number }
  /** Its connections are reset. */
  | { readonly kind: 'reset-streams'; readonly device: DeviceName }
  /** The path forgets its connections: neither end is told that nothing arrives any more. */
  | { readonly kind: 'forget-streams'; readonly device: DeviceName }
  /** The server's streams are reset, unless its machine has lost its power: then nobody is told. The next process's clock is off by that much: a running one takes no notice when the machine's clock is set. */
  | { readonly kind: 'crash'; readonly silently: boolean; readonly downMilliseconds: number; readonly skewMilliseconds: number }
  /** The next commit of that table finds the process dead: before it, or behind it but before its answer. */
  | { readonly kind: 'crash-in-commit'; readonly table: WrittenTable; readonly when: 'before' | 'after'; readonly downMilliseconds: number }
  | { readonly kind: 'store-fault'; readonly table: WrittenTable; readonly mishap: 'fails' | 'answer lost'; readonly times: number }
);

export interface PlannedMessage {
  /** The imdn.Message-ID; no two messages of a day share it. */
  readonly id: string;
  readonly to: UserName;
  readonly conversation: number;
  readonly anonymous: boolean;
  readonly notifications: readonly ('positive-delivery' | 'negative-delivery' | 'display')[];
  /** Of the Expires header; left out: as long as the server keeps messages. */
  readonly expiresSeconds?: number;
  /** Octets behind its text. */
  readonly padding: number;
  /** How often the sender sends the message anew when it was not accepted. */
  readonly repeats: number;
}

/** What a device does with the messages that come. */
export type Behaviour = 'answers' | 'is silent' | 'is busy' | 'declines' | 'fails' | 'is slow';
export type PlannedRule = 'do-not-disturb' | 'reject' | 'block' | 'forward';
export type WrittenTable = (typeof writtenTables)[number];

/** What commits are told apart by. */
export const writtenTables = [
  'INSERT INTO deferred_messages',
  'DELETE FROM deferred_messages',
  'INSERT INTO outbox',
  'DELETE FROM outbox',
  'INSERT INTO deferred_attempts',
  'INSERT INTO anonymous_originators',
] as const;

/** Vera writes anonymously only, and nobody writes to her: what others see of her, they may not. Otto never comes. */
export const userNames = ['alice', 'bob', 'carol', 'vera', 'otto'] as const;
/** Dora is of another domain, whose server is a trusted peer: her one device. */
export const partnerDomain = 'partner.test';
export type UserName = (typeof userNames)[number] | 'dora';

/** Devices by user: those named `sdk` are our own client, the others are foreign. */
export const deviceNames = ['alice-sdk', 'bob-1', 'bob-2', 'carol-sdk', 'carol-1', 'vera-1', 'dora-peer'] as const;
export type DeviceName = (typeof deviceNames)[number];

/** What every path carries (RFC 3261 §18.1.1). */
const leastDatagramOctets = 1300;
const dayMilliseconds = 20 * 60_000;
const recipients = ['alice', 'alice', 'bob', 'bob', 'bob', 'carol', 'carol', 'otto', 'dora'] as const;
const behaviours = ['answers', 'answers', 'is silent', 'is busy', 'declines', 'fails', 'is slow'] as const;

export function planDay(seed: number): DayPlan {
  const random = new SeededRandom(seed).fork('plan');
  const network = random.pick(['steady', 'rough', 'rough', 'bad'] as const);
  const commitMilliseconds = random.pick([0, 0, 5, 200]);
  const count = random.between(20, 60);
  const lines = drawLines(random.fork('lines'));
  const events = Array.from({ length: count }, (_, index) => drawEvent(index, random.fork(`event ${index}`)));
  return { seed, network, commitMilliseconds, lines, events: events.sort((first, second) => first.at - second.at) };
}

/** A third of the days knows datagrams alone, and paths that carry all of them. */
function drawLines(random: SeededRandom): DayPlan['lines'] {
  const streams = random.pick([0, 0.4, 0.8]);
  const drawLine = (device: DeviceName): PlannedLine => {
    const own = random.fork(device);
    const isStream = own.chance(streams);
    const isNarrow = !isStream && own.chance(streams);
    return {
      transport: isStream ? 'TCP' : 'UDP',
      ...(isNarrow && { maxDatagramOctets: own.between(leastDatagramOctets, 1472) }),
      splitting: own.pick([0, 0.5, 0.9]),
      maxSegmentOctets: own.pick([1460, 1460, 536, 100]),
      resetting: own.pick([0, 0, 0.005, 0.03]),
      returns: own.chance(0.7),
    };
  };
  return {
    'alice-sdk': drawLine('alice-sdk'),
    'bob-1': drawLine('bob-1'),
    'bob-2': drawLine('bob-2'),
    'carol-sdk': drawLine('carol-sdk'),
    'carol-1': drawLine('carol-1'),
    'vera-1': drawLine('vera-1'),
    'dora-peer': drawLine('dora-peer'),
  };
}

function drawEvent(index: number, random: SeededRandom): DayEvent {
  const at = random.integer(dayMilliseconds);
  const device = random.pick(deviceNames);
  const draw = random.integer(100);
  if (draw < 43) return { at, kind: 'send', device, ...drawMessage(index, device, random) };
  if (draw < 54) return { at, kind: 'register', device, seconds: random.pick([120, 600, 3600]) };
  if (draw < 59) return { at, kind: 'deregister', device };
  if (draw < 68) return { at, kind: 'behave', device, as: random.pick(behaviours) };
  if (draw < 73) return { at, kind: 'display', device };
  if (draw < 78) return { at, kind: 'rule', user: random.pick(userNames), rule: drawRule(random), milliseconds: random.integer(300_000) };
  if (draw < 91) return drawTrouble(at, device, random);
  return drawCommitTrouble(at, random);
}

/** Of the network and of the server's process. */
function drawTrouble(at: number, device: DeviceName, random: SeededRandom): DayEvent {
  const draw = random.integer(13);
  if (draw < 4) return { at, kind: 'lose-network', device, milliseconds: random.integer(90_000) };
  if (draw < 6) return { at, kind: 'reset-streams', device };
  if (draw < 8) return { at, kind: 'forget-streams', device };
  const skewMilliseconds = random.pick([0, 0, 0, -20_000, 60_000]);
  return { at, kind: 'crash', silently: random.chance(0.3), downMilliseconds: random.integer(5000), skewMilliseconds };
}

function drawCommitTrouble(at: number, random: SeededRandom): DayEvent {
  const table = random.pick(writtenTables);
  if (random.chance(0.45)) {
    return { at, kind: 'crash-in-commit', table, when: random.pick(['before', 'after']), downMilliseconds: random.integer(5000) };
  }
  return { at, kind: 'store-fault', table, mishap: random.pick(['fails', 'answer lost']), times: random.between(1, 3) };
}

function drawMessage(index: number, device: DeviceName, random: SeededRandom): PlannedMessage {
  const kinds = ['positive-delivery', 'negative-delivery', 'display'] as const;
  const own = userOf(device);
  const expires = random.pick([undefined, undefined, 30, 120, 600]);
  return {
    id: `m${index}`,
    // Peers are told who hides (RFC 3325 §7): Vera does not write to them.
    to: random.pick(recipients.filter((user) => user !== own && !(own === 'vera' && user === 'dora'))),
    conversation: random.integer(2),
    anonymous: own === 'vera',
    notifications: kinds.filter(() => random.chance(0.6)),
    ...(expires === undefined ? {} : { expiresSeconds: expires }),
    // Our own client writes no longer ones (A-7.2.1.3-08); with its headers they are too long for some paths.
    padding: random.pick(device.endsWith('-sdk') ? [0, 0, 300, 700] : [0, 0, 300, 700, 2500]),
    repeats: random.integer(4),
  };
}

function drawRule(random: SeededRandom): PlannedRule {
  return random.pick(['do-not-disturb', 'do-not-disturb', 'reject', 'block', 'forward']);
}

/** Whose device it is. */
export function userOf(device: DeviceName): UserName {
  return userNames.find((user) => device.startsWith(`${user}-`)) ?? 'dora';
}

export function addressOf(user: UserName): string {
  return `sip:${user}@${domainOf(user)}`;
}

export function domainOf(user: UserName): string {
  return user === 'dora' ? partnerDomain : domain;
}
