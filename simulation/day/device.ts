import type { Behaviour, DeviceName, PlannedMessage } from './plan.ts';
import type { SentMessage, SentNotification, ShownMessage, ToldNotification } from './record.ts';

/** One device of a day's user. What it is asked to do takes virtual time; nothing rejects because of the network. */
export interface Device {
  readonly name: DeviceName;
  readonly address: string;
  register(seconds: number): Promise<void>;
  deregister(): Promise<void>;
  behave(as: Behaviour): void;
  send(message: PlannedMessage): Promise<void>;
  /** Tells the sender of the message shown last that it was displayed, when he asked for it. */
  display(): Promise<void>;
}

/** Where devices write down what they did and saw. */
export interface DayBook {
  readonly sent: SentMessage[];
  readonly shown: ShownMessage[];
  readonly told: ToldNotification[];
  readonly notified: SentNotification[];
  /** Planned ids by the imdn.Message-ID that our own client has made. */
  readonly plannedIds: Map<string, string>;
}
