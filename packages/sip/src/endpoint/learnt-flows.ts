import type { Flow } from '../platform.ts';

/** UDP flows by id, bounded: the ones not learnt again for longest are forgotten first. */
export class LearntFlows {
  readonly #maximum: number;
  readonly #byId = new Map<string, Flow>();

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  learn(flow: Flow): void {
    // Out and in again: a Map keeps the order of insertion.
    this.#byId.delete(flow.id);
    this.#byId.set(flow.id, flow);
    if (this.#byId.size > this.#maximum) this.#forgetOldest();
  }

  get(id: string): Flow | undefined {
    return this.#byId.get(id);
  }

  forget(flow: Flow): void {
    if (this.#byId.get(flow.id) === flow) this.#byId.delete(flow.id);
  }

  #forgetOldest(): void {
    for (const id of this.#byId.keys()) {
      this.#byId.delete(id);
      return;
    }
  }
}
