import { userName } from './binding-clients.ts';

/** How big a run of `queue` is. */
export interface QueueSize {
  /** Users for whom messages wait, or may wait. */
  readonly users: number;
  /** Messages that wait in all. */
  readonly messages: number;
  /** How many of them expire in one moment. */
  readonly expiring: number;
  /** How many of the users register in one moment. */
  readonly storm: number;
  /** How many of the users come one after the other, so that the cost of a push is seen. */
  readonly coming: number;
  /** Relayed messages a second, of users who are there. */
  readonly rate: number;
  /** How long relays are watched while nothing else happens. */
  readonly seconds: number;
}

/** One message that waits. */
export interface PlannedMessage {
  readonly messageId: string;
  readonly sender: string;
  readonly recipient: string;
  /** Half of the senders ask to be told when a message could not be delivered. */
  readonly negativeDelivery: boolean;
}

/** Those who write: they are there all the time. */
export const presentUsers = 100;
/** What waits for each of those who come one after the other. */
export const waitingPerComing = 10;
/** Of those who come at once, everybody has 0 to 10. */
const stormCycle = 11;

/** Who has what. Users are numbered: first those of the storm, then those who come singly, those who stay away, and those who write. */
export class QueuePlan {
  readonly size: QueueSize;

  /** Throws with a text for the user when the parts do not fit into the whole. */
  constructor(size: QueueSize) {
    this.size = size;
    if (this.#awayCount < 1) throw new Error('more users come than there are');
    if (this.#forAway < 0) throw new Error('fewer messages wait than the users who come and what expires need');
  }

  get everybody(): readonly string[] {
    return names(0, this.size.users + presentUsers);
  }

  get present(): readonly string[] {
    return names(this.size.users, this.size.users + presentUsers);
  }

  get storm(): readonly string[] {
    return names(0, this.size.storm);
  }

  get coming(): readonly string[] {
    return names(this.size.storm, this.#firstAway);
  }

  get away(): readonly string[] {
    return names(this.#firstAway, this.size.users);
  }

  /** How many messages wait for the user of that number beside those that expire. */
  waitingFor(number: number): number {
    if (number < this.size.storm) return number % stormCycle;
    if (number < this.#firstAway) return waitingPerComing;
    const [each, more] = [Math.floor(this.#forAway / this.#awayCount), this.#forAway % this.#awayCount];
    return each + (number - this.#firstAway < more ? 1 : 0);
  }

  /** In the order of their coming: nobody gets all of his in a row. */
  *lasting(): Generator<PlannedMessage> {
    let number = 0;
    for (let round = 0, found = true; found; round += 1) {
      found = false;
      for (let user = 0; user < this.size.users; user += 1) {
        if (this.waitingFor(user) <= round) continue;
        found = true;
        yield this.#message('m', number++, user);
      }
    }
  }

  /** Of those who stay away. */
  *expiring(): Generator<PlannedMessage> {
    for (let number = 0; number < this.size.expiring; number += 1)
      yield this.#message('x', number, this.#firstAway + (number % this.#awayCount));
  }

  /** Only those who come singly, as if nothing waited for anybody else. */
  *few(): Generator<PlannedMessage> {
    for (let number = 0; number < this.size.coming * waitingPerComing; number += 1)
      yield this.#message('f', number, this.size.storm + (number % this.size.coming));
  }

  /** The one from which all others are made. */
  sample(): PlannedMessage {
    return this.#message('s', 0, this.#firstAway);
  }

  get #firstAway(): number {
    return this.size.storm + this.size.coming;
  }

  get #awayCount(): number {
    return this.size.users - this.#firstAway;
  }

  get #forAway(): number {
    const { messages, expiring, storm, coming } = this.size;
    const cycles = Math.floor(storm / stormCycle) * ((stormCycle * (stormCycle - 1)) / 2);
    const rest = storm % stormCycle;
    return messages - expiring - coming * waitingPerComing - cycles - (rest * (rest - 1)) / 2;
  }

  #message(kind: string, number: number, recipient: number): PlannedMessage {
    return {
      messageId: `${kind}${String(number).padStart(8, '0')}`,
      sender: userName(this.size.users + (number % presentUsers)),
      recipient: userName(recipient),
      negativeDelivery: number % 2 === 0,
    };
  }
}

function names(from: number, to: number): readonly string[] {
  return Array.from({ length: to - from }, (_, index) => userName(from + index));
}
