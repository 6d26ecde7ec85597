import type { WireLog } from '@opencpm/testkit';
import type { HeardOctets, LogLine } from '../simulated-server.ts';
import type { DayPlan, DeviceName, PlannedMessage, UserName } from './plan.ts';

/** What happened on a day, as its users, its operator and the wire saw it. Times are milliseconds since the Unix epoch. */
export interface DayRecord {
  readonly plan: DayPlan;
  readonly sent: readonly SentMessage[];
  readonly shown: readonly ShownMessage[];
  readonly told: readonly ToldNotification[];
  readonly notified: readonly SentNotification[];
  readonly queue: readonly QueueLook[];
  /** When the server was not there. */
  readonly downs: readonly { readonly from: number; readonly until: number }[];
  /** To whom messages of a user were forwarded at some time of the day. */
  readonly forwards: readonly { readonly user: UserName; readonly to: UserName }[];
  readonly addresses: ReadonlyMap<DeviceName, string>;
  readonly wire: WireLog;
  /** What has come to the server's processes. */
  readonly heard: readonly HeardOctets[];
  readonly log: readonly LogLine[];
  readonly end: DayEnd;
}

export interface SentMessage extends PlannedMessage {
  readonly from: UserName;
  readonly device: DeviceName;
  /** Each request with its final status; none when nobody answered. */
  readonly tries: readonly { readonly sentAt: number; readonly answeredAt?: number; readonly status?: number }[];
}

/** A message that a device took (2xx) and showed. */
export interface ShownMessage {
  readonly device: DeviceName;
  /** The planned id, which every text names. */
  readonly id: string;
  readonly at: number;
  /** Call-ID, CSeq, From and branch of the request; undefined at our own client, which shows no message twice whatever its names. */
  readonly names: string | undefined;
}

/** A notification that a device took. */
export interface ToldNotification {
  readonly device: DeviceName;
  /** Planned id of the message that it is about. */
  readonly about: string;
  readonly status: string;
  readonly at: number;
  /** imdn.Message-ID of the notification itself; undefined at our own client. */
  readonly id: string | undefined;
  readonly names: string | undefined;
}

/** A notification that a device wrote. */
export interface SentNotification {
  readonly device: DeviceName;
  readonly about: string;
  readonly status: 'delivered' | 'displayed';
}

/** The deferred message queue at one moment. */
export interface QueueLook {
  readonly at: number;
  readonly waiting: readonly WaitingLook[];
}

export interface WaitingLook {
  readonly messageUriId: string;
  /** The planned id; undefined for a notification. */
  readonly id: string | undefined;
  readonly user: string;
  readonly expiresAt: number;
}

/** After everybody came, answered and went, and the server had time. */
export interface DayEnd {
  readonly at: number;
  /** Of the server's clock above the world's, the least and the most of the day. */
  readonly skew: { readonly least: number; readonly most: number };
  readonly waiting: readonly WaitingLook[];
  readonly owed: number;
  /** Timers that the process still had when all was quiet, and when it had stopped. */
  readonly wakesAtRest: number;
  readonly wakesAfterStop: number;
  /** What went wrong in the day itself; undefined when it came to its end. */
  readonly failure: string | undefined;
}

/** A promise that was broken. */
export interface Violation {
  /** The checker that saw it. */
  readonly checker: string;
  readonly text: string;
}

export type Checker = (record: DayRecord) => readonly string[];

/** The planned id in a message's text. */
export function idIn(text: string): string | undefined {
  return /text of (m\d+)\./.exec(text)?.[1];
}

export function textOfMessage({ id, padding }: Pick<PlannedMessage, 'id' | 'padding'>): string {
  return `The text of ${id}.${'x'.repeat(padding)}`;
}
