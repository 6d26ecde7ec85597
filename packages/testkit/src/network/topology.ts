import { type LinkConditions, steadyLink, withinHost } from './conditions.ts';

/** Which hosts reach each other, and how well. Links are the same both ways. */
export class Topology {
  #conditions: LinkConditions;
  readonly #links = new Map<string, LinkConditions>();
  readonly #partitions: ((address: string, other: string) => boolean)[] = [];
  readonly #dark = new Set<string>();

  constructor(conditions: Partial<LinkConditions> = {}) {
    this.#conditions = { ...steadyLink, ...conditions };
  }

  /** Changes the conditions of all links that have none of their own. */
  setConditions(changes: Partial<LinkConditions>): void {
    this.#conditions = { ...this.#conditions, ...changes };
  }

  setLink(address: string, other: string, changes: Partial<LinkConditions>): void {
    this.#links.set(linkKey(address, other), { ...this.conditions(address, other), ...changes });
  }

  conditions(address: string, other: string): LinkConditions {
    if (address === other) return withinHost(this.#conditions);
    return this.#links.get(linkKey(address, other)) ?? this.#conditions;
  }

  /** Cuts one group off from the other one, or from everybody else. A host always reaches itself. What it gives ends the cut. */
  partition(group: readonly string[], others?: readonly string[]): () => void {
    const isOther = (address: string) => (others === undefined ? !group.includes(address) : others.includes(address));
    const cuts = (address: string, other: string) => group.includes(address) && isOther(other);
    this.#partitions.push(cuts);
    return () => {
      const index = this.#partitions.indexOf(cuts);
      if (index >= 0) this.#partitions.splice(index, 1);
    };
  }

  heal(): void {
    this.#partitions.length = 0;
  }

  /** A dark host has lost its power: nothing answers for it, not even a reset. */
  setDark(address: string, dark: boolean): void {
    if (dark) this.#dark.add(address);
    else this.#dark.delete(address);
  }

  reaches(address: string, other: string): boolean {
    if (this.#dark.has(address) || this.#dark.has(other)) return false;
    if (address === other) return true;
    return !this.#partitions.some((cuts) => cuts(address, other) || cuts(other, address));
  }
}

function linkKey(address: string, other: string): string {
  return address < other ? `${address} ${other}` : `${other} ${address}`;
}
