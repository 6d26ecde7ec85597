import type { QueueClients } from './queue-clients.ts';
import type { Relayed } from './queue-figures.ts';
import { messageText } from './queue-message.ts';

/** How often it is looked what is due. */
const lookMilliseconds = 2;
const relayedOctets = 100;

/** Users who are there write to each other at a steady pace; one that is late holds up none of the others. */
export class SteadyRelays {
  readonly #clients: QueueClients;
  readonly #users: readonly string[];
  readonly #relayed: Relayed[] = [];
  readonly #underWay = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #sent = 0;

  constructor(clients: QueueClients, users: readonly string[], perSecond: number) {
    this.#clients = clients;
    this.#users = users;
    const began = performance.now();
    this.#timer = setInterval(() => {
      for (const due = ((performance.now() - began) * perSecond) / 1000; this.#sent < due; ) this.#sendNext();
    }, lookMilliseconds);
  }

  /** Resolves with all that were sent, when the last has got its answer. */
  async stop(): Promise<readonly Relayed[]> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
    return this.#relayed;
  }

  #sendNext(): void {
    const number = this.#sent;
    this.#sent += 1;
    const sending = this.#send(number).finally(() => this.#underWay.delete(sending));
    this.#underWay.add(sending);
  }

  async #send(number: number): Promise<void> {
    const sentAt = performance.now();
    const [sender, recipient] = [this.#userAt(number), this.#userAt(number + 1)];
    const planned = { messageId: `r${number}-${Math.round(performance.timeOrigin + sentAt)}`, sender, recipient, negativeDelivery: false };
    const status = await this.#clients.send(sender, recipient, messageText(planned, relayedOctets));
    this.#relayed.push({ sentAt, milliseconds: status === 200 ? performance.now() - sentAt : undefined });
  }

  #userAt(number: number): string {
    return this.#users[number % this.#users.length] ?? '';
  }
}
