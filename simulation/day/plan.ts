import { SeededRandom } from '@opencpm/testkit';

/**
 * A day in a world, drawn from a seed before anything runs. Each event says all that it needs, so that a day without one
 * of them is a day too: that is how a failing one is made short.
 */
export interface DayPlan {
  readonly seed: number;
  readonly network: 'steady' | 'rough' | 'bad';
  /** How long a commit takes, and as long again its answer; 0 for at once. */
  readonly commitMilliseconds: number;
  readonly events: readonly DayEvent[];
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
  /** The next process's clock is off by that much: a running one takes no notice when the machine's clock is set. */
  | { readonly kind: 'crash'; readonly downMilliseconds: number; readonly skewMilliseconds: number }
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
export type UserName = (typeof userNames)[number];

/** Devices by user: those named `sdk` are our own client, the others are foreign. */
export const deviceNames = ['alice-sdk', 'bob-1', 'bob-2', 'carol-sdk', 'carol-1', 'vera-1'] as const;
export type DeviceName = (typeof deviceNames)[number];

const dayMilliseconds = 20 * 60_000;
const recipients = ['alice', 'bob', 'bob', 'carol', 'otto'] as const;
const behaviours = ['answers', 'answers', 'is silent', 'is busy', 'declines', 'fails', 'is slow'] as const;

export function planDay(seed: number): DayPlan {
  const random = new SeededRandom(seed).fork('plan');
  const network = random.pick(['steady', 'rough', 'rough', 'bad'] as const);
  const commitMilliseconds = random.pick([0, 0, 5, 200]);
  const count = random.between(20, 60);
  const events = Array.from({ length: count }, (_, index) => drawEvent(index, random.fork(`event ${index}`)));
  return { seed, network, commitMilliseconds, events: events.sort((first, second) => first.at - second.at) };
}

function drawEvent(index: number, random: SeededRandom): DayEvent {
  const at = random.integer(dayMilliseconds);
  const device = random.pick(deviceNames);
  const draw = random.integer(100);
  if (draw < 45) return { at, kind: 'send', device, ...drawMessage(index, device, random) };
  if (draw < 57) return { at, kind: 'register', device, seconds: random.pick([120, 600, 3600]) };
  if (draw < 62) return { at, kind: 'deregister', device };
  if (draw < 72) return { at, kind: 'behave', device, as: random.pick(behaviours) };
  if (draw < 77) return { at, kind: 'display', device };
  if (draw < 82) return { at, kind: 'rule', user: random.pick(userNames), rule: drawRule(random), milliseconds: random.integer(300_000) };
  if (draw < 86) return { at, kind: 'lose-network', device, milliseconds: random.integer(90_000) };
  if (draw < 91)
    return { at, kind: 'crash', downMilliseconds: random.integer(5000), skewMilliseconds: random.pick([0, 0, 0, -20_000, 60_000]) };
  const table = random.pick(writtenTables);
  if (draw < 95) {
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
    to: random.pick(recipients.filter((user) => user !== own)),
    conversation: random.integer(2),
    anonymous: own === 'vera',
    notifications: kinds.filter(() => random.chance(0.6)),
    ...(expires === undefined ? {} : { expiresSeconds: expires }),
    repeats: random.integer(4),
  };
}

function drawRule(random: SeededRandom): PlannedRule {
  return random.pick(['do-not-disturb', 'do-not-disturb', 'reject', 'block', 'forward']);
}

/** Whose device it is. */
export function userOf(device: DeviceName): UserName {
  return userNames.find((user) => device.startsWith(`${user}-`)) ?? 'otto';
}
