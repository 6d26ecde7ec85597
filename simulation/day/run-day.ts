import { steadyLink } from '@opencpm/testkit';
import { World } from '../world.ts';
import { asked } from './asked.ts';
import { DayRules } from './day-rules.ts';
import type { DayBook, Device } from './device.ts';
import { ForeignDevice } from './foreign-device.ts';
import { lineOf, networks, wellLineOf } from './lines.ts';
import { OwnDevice } from './own-device.ts';
import { type DayEvent, type DayPlan, type DeviceName, deviceNames, partnerDomain, userNames } from './plan.ts';
import { type DayEnd, type DayRecord, idIn, type QueueLook, type WaitingLook } from './record.ts';
import { messagesOn } from './wire-messages.ts';

/** How often the queue is looked at, by day and when all are there. Milliseconds. */
const lookMilliseconds = 5000;
const settledLookMilliseconds = 60_000;
/** After the last event everybody comes and answers; by then all that can be delivered or has expired is gone. */
const settleMilliseconds = 75 * 60_000;
const queueLimit = 1000;
/** Until our own client has noticed that a connection is half-open, and has come back. Milliseconds. */
const comebackMilliseconds = 180_000;

/** What a test does to a world before its day, to see that the checkers notice. */
export type Spoil = (world: World) => void;

/** Lives a planned day in a world of its own, and gives what happened. */
export async function runDay(plan: DayPlan, spoil?: Spoil): Promise<DayRecord> {
  const world = new World({
    seed: plan.seed,
    users: userNames,
    conditions: networks[plan.network],
    trustedPeers: [partnerAddress],
    routes: { [partnerDomain]: `sip:${partnerAddress}${plan.lines['dora-peer'].transport === 'TCP' ? ';transport=tcp' : ''}` },
    ...(plan.commitMilliseconds === 0 ? {} : { commitMilliseconds: plan.commitMilliseconds }),
  });
  spoil?.(world);
  const day = new Day(world, plan);
  try {
    await day.live();
    return day.record(undefined);
  } catch (error) {
    return day.record(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    world.end();
  }
}

class Day {
  readonly #world: World;
  readonly #plan: DayPlan;
  readonly #devices = new Map<DeviceName, Device>();
  readonly #book: DayBook = { sent: [], shown: [], told: [], notified: [], plannedIds: new Map() };
  readonly #queue: QueueLook[] = [];
  readonly #downs: { from: number; until: number }[] = [];
  readonly #rules: DayRules;
  readonly #idsOfRows = new Map<string, string | undefined>();
  #skew = 0;
  #skews = { least: 0, most: 0 };
  #starting: Promise<void> | undefined;
  #end: Omit<DayEnd, 'failure'> | undefined;

  constructor(world: World, plan: DayPlan) {
    this.#world = world;
    this.#plan = plan;
    this.#rules = new DayRules(world);
  }

  async live(): Promise<void> {
    const { clock, server } = this.#world;
    await this.#world.run(server.start());
    for (const name of deviceNames) this.#devices.set(name, await this.#newDevice(name));
    const began = clock.now();
    for (const event of this.#plan.events) {
      await this.#passTo(began + event.at);
      await this.#perform(event);
    }
    await this.#settle();
  }

  record(failure: string | undefined): DayRecord {
    const { network, server, clock } = this.#world;
    this.#learnIds();
    const unfinished = { at: clock.now(), skew: this.#skews, waiting: [], owed: 0, wakesAtRest: 0, wakesAfterStop: 0 };
    return {
      plan: this.#plan,
      ...this.#book,
      told: this.#book.told.map((told) => ({ ...told, about: this.#book.plannedIds.get(told.about) ?? told.about })),
      notified: this.#book.notified.map((sent) => ({ ...sent, about: this.#book.plannedIds.get(sent.about) ?? sent.about })),
      queue: this.#queue,
      downs: this.#downs,
      forwards: this.#rules.forwards,
      addresses: new Map([...this.#devices].map(([name, { address }]) => [name, address])),
      wire: network.wireLog,
      heard: server.heard,
      log: server.log,
      end: { ...(this.#end ?? unfinished), failure },
    };
  }

  /** Our own client makes the ids of its messages itself, and does not tell those of messages that nobody answered. */
  #learnIds(): void {
    for (const { text } of messagesOn(this.#world.network.wireLog)) {
      const [planned, id] = [idIn(text), [...text.matchAll(/^imdn\.Message-ID: (\S+)/gm)].at(-1)?.[1]];
      if (planned !== undefined && id !== undefined) this.#book.plannedIds.set(id, planned);
    }
  }

  async #newDevice(name: DeviceName): Promise<Device> {
    const line = this.#plan.lines[name];
    const device = name.endsWith('-sdk')
      ? new OwnDevice(this.#world, name, line, this.#book)
      : await ForeignDevice.start(this.#world, name, line, this.#book);
    this.#world.network.setLink(device.address, serverHost, lineOf(this.#plan, name));
    return device;
  }

  /** Lets time pass, looks at the queue and takes rules back whose time is over. */
  async #passTo(at: number, pause = lookMilliseconds): Promise<void> {
    const { clock } = this.#world;
    while (clock.now() < at) {
      await clock.advanceTo(Math.min(at, clock.now() + pause));
      await this.#look();
      await this.#rules.end(clock.now());
    }
  }

  async #perform(event: DayEvent): Promise<void> {
    switch (event.kind) {
      case 'register':
        return this.#begin(this.#device(event.device).register(event.seconds));
      case 'deregister':
        return this.#begin(this.#device(event.device).deregister());
      case 'behave':
        return this.#device(event.device).behave(event.as);
      case 'send':
        return this.#begin(this.#device(event.device).send(event));
      case 'display':
        return this.#begin(this.#device(event.device).display());
      case 'rule':
        return await this.#rules.add(event.user, event.rule, event.milliseconds);
      case 'lose-network':
        return this.#loseNetwork(this.#device(event.device), event.milliseconds);
      case 'reset-streams':
        return this.#world.network.resetConnections(this.#device(event.device).address, serverHost);
      case 'forget-streams':
        return this.#world.network.forgetConnections(this.#device(event.device).address, serverHost);
      case 'crash':
        return this.#crash(event);
      case 'crash-in-commit': {
        const mishap = event.when === 'before' ? 'hangs' : 'done, and hangs';
        return this.#world.mishaps.expect(event.table, mishap, 1, () =>
          this.#soon(() => this.#crash({ ...event, skewMilliseconds: this.#skew })),
        );
      }
      case 'store-fault':
        return this.#world.mishaps.expect(event.table, event.mishap, event.times);
    }
  }

  #device(name: DeviceName): Device {
    const device = this.#devices.get(name);
    if (device === undefined) throw new Error(`there is no ${name}`);
    return device;
  }

  /** What a device does goes on while the day does; a rejection is a fault of the simulation and ends the day. */
  #begin(doing: Promise<void>): void {
    doing.catch((error) => this.#soon(() => Promise.reject(error)));
  }

  #soon(then: () => void): void {
    const { clock } = this.#world;
    clock.wakeAt(clock.now(), then);
  }

  #loseNetwork({ address }: Device, milliseconds: number): void {
    const { network, clock } = this.#world;
    clock.wakeAt(clock.now() + milliseconds, network.partition([address], [serverHost]));
  }

  #setSkew(milliseconds: number): void {
    this.#skew = milliseconds;
    this.#skews = { least: Math.min(this.#skews.least, milliseconds), most: Math.max(this.#skews.most, milliseconds) };
  }

  #crash({ silently = false, downMilliseconds, skewMilliseconds }: Crash): void {
    const { server, clock, mishaps } = this.#world;
    if (!server.isUp) return;
    server.crash({ silently });
    mishaps.clear();
    const down = { from: clock.now(), until: Number.POSITIVE_INFINITY };
    this.#downs.push(down);
    this.#setSkew(skewMilliseconds);
    clock.wakeAt(clock.now() + downMilliseconds, () => {
      this.#starting = server.start(skewMilliseconds).then(() => {
        down.until = clock.now();
      });
    });
  }

  async #look(): Promise<readonly WaitingLook[] | undefined> {
    const rows = await asked(this.#world, (administration) => administration.queue({ limit: queueLimit }));
    if (rows?.kind !== 'done') return undefined;
    const waiting: WaitingLook[] = [];
    for (const { messageUriId, user, expiresAt } of rows.value) {
      waiting.push({ messageUriId, id: await this.#idOfRow(messageUriId), user, expiresAt: Date.parse(expiresAt) });
    }
    this.#queue.push({ at: this.#world.clock.now(), waiting });
    return waiting;
  }

  async #idOfRow(messageUriId: string): Promise<string | undefined> {
    if (this.#idsOfRows.has(messageUriId)) return this.#idsOfRows.get(messageUriId);
    const row = await asked(this.#world, (administration) => administration.queuedMessage(messageUriId));
    if (row?.kind !== 'done') return undefined;
    const id = idIn(row.value.text ?? '');
    this.#idsOfRows.set(messageUriId, id);
    return id;
  }

  /** Everybody comes, answers and stays; the network is well, no rule holds, and the server has time for all that is left. */
  async #settle(): Promise<void> {
    const { clock, network, mishaps, server } = this.#world;
    mishaps.clear();
    network.setConditions(steadyLink);
    network.heal();
    for (const { name, address } of this.#devices.values()) network.setLink(address, serverHost, wellLineOf(this.#plan, name));
    await clock.runFor(comebackMilliseconds);
    await this.#starting;
    await this.#rules.end(Number.POSITIVE_INFINITY);
    for (const device of this.#devices.values()) {
      device.behave('answers');
      // What a client has refused waits until its registration is another one.
      await clock.runToEnd(device.deregister(), 60_000);
      await clock.runToEnd(device.register(86_400), 60_000);
    }
    await this.#passTo(clock.now() + settleMilliseconds, settledLookMilliseconds);
    const waiting = (await this.#look()) ?? [];
    const status = await asked(this.#world, (administration) => administration.status());
    const wakesAtRest = server.pendingWakes;
    const wakesAfterStop = await this.#world.run(server.stop());
    this.#end = { at: clock.now(), skew: this.#skews, waiting, owed: status?.outboxRows ?? -1, wakesAtRest, wakesAfterStop };
  }
}

interface Crash {
  readonly silently?: boolean;
  readonly downMilliseconds: number;
  readonly skewMilliseconds: number;
}

/** The last one to get an address. */
const partnerAddress = '10.0.0.8';
const serverHost = '10.0.0.1';
