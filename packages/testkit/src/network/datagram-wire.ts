import type { HostPort } from '@opencpm/sip';
import type { SeededRandom } from '../seeded-random.ts';
import type { LinkConditions } from './conditions.ts';
import type { Fabric, Station } from './fabric.ts';
import type { Fate } from './wire-log.ts';

interface Datagram {
  readonly from: HostPort;
  readonly to: HostPort;
  readonly octets: Uint8Array;
  /** The host as it was when the datagram was sent: a crash drops what was on its way to it. */
  readonly station: Station | undefined;
}

/** Carries datagrams from host to host, and loses, doubles and overtakes them as the link and the seed say. */
export class DatagramWire {
  readonly #fabric: Fabric;
  readonly #latestArrival = new Map<string, number>();

  constructor(fabric: Fabric) {
    this.#fabric = fabric;
  }

  send(from: HostPort, to: HostPort, octets: Uint8Array): void {
    const conditions = this.#fabric.topology.conditions(from.host, to.host);
    const random = this.#fabric.random(from.host, to.host);
    const datagram = { from, to, octets: Uint8Array.from(octets), station: this.#fabric.stations.get(to.host) };
    // The same draws for every datagram, so that one which is lost does not shift what the later ones meet.
    const drawn = drawFate(random, conditions);
    const delays = [this.#delay(datagram, random, conditions), this.#delay(datagram, random, conditions)];
    const fate = this.#fate(datagram, drawn, conditions);
    this.#fabric.logDatagram('datagram', from, to, { fate, octets: datagram.octets });
    const copies = copiesOf(fate);
    for (const delay of delays.slice(0, copies)) this.#schedule(datagram, delay);
  }

  #fate(datagram: Datagram, drawn: Fate, conditions: LinkConditions): Fate {
    if (!this.#fabric.topology.reaches(datagram.from.host, datagram.to.host)) return 'cut off';
    return datagram.octets.length > conditions.maxDatagramOctets ? 'too large' : drawn;
  }

  /** A draw of when it arrives, and whether it may be overtaken. */
  #delay(datagram: Datagram, random: SeededRandom, conditions: LinkConditions): { milliseconds: number; ordered: boolean } {
    const latency = this.#fabric.latencyMilliseconds(datagram.from.host, datagram.to.host);
    const heldMilliseconds = random.between(1, Math.max(1, conditions.reorderingMilliseconds));
    const held = random.chance(conditions.reordering);
    return { milliseconds: held ? latency + heldMilliseconds : latency, ordered: !held };
  }

  #schedule(datagram: Datagram, delay: { readonly milliseconds: number; readonly ordered: boolean }): void {
    const way = `${datagram.from.host} > ${datagram.to.host}`;
    let arrivesAt = this.#fabric.clock.now() + delay.milliseconds;
    if (delay.ordered) {
      arrivesAt = Math.max(arrivesAt, this.#latestArrival.get(way) ?? 0);
      this.#latestArrival.set(way, arrivesAt);
    }
    this.#fabric.clock.wakeAt(arrivesAt, () => this.#arrive(datagram));
  }

  #arrive({ from, to, octets, station }: Datagram): void {
    const present = this.#fabric.stations.get(to.host);
    const heard =
      (station === undefined || station === present) && present?.receiveDatagram(Uint8Array.from(octets), from, to.port) === true;
    if (!heard) this.#fabric.logDatagram('unheard', from, to, { fate: 'lost', octets });
  }
}

function drawFate(random: SeededRandom, conditions: LinkConditions): Fate {
  const lost = random.chance(conditions.loss);
  const doubled = random.chance(conditions.doubling);
  if (lost) return 'lost';
  return doubled ? 'doubled' : 'sent';
}

function copiesOf(fate: Fate): number {
  if (fate === 'sent') return 1;
  return fate === 'doubled' ? 2 : 0;
}
