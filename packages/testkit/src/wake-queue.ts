/** A wake that was asked for. One that is `over` (fired or cancelled) may stay in the queue until it comes to its top. */
export interface Wake {
  readonly atMilliseconds: number;
  readonly sequence: number;
  readonly call: () => void;
  over: boolean;
}

/** A binary heap of wakes by (time, order of asking), so that equal times are served first come, first served. */
export class WakeQueue {
  readonly #heap: Wake[] = [];

  add(wake: Wake): void {
    let index = this.#heap.length;
    this.#heap.push(wake);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#at(parentIndex);
      if (!isBefore(wake, parent)) break;
      this.#heap[index] = parent;
      index = parentIndex;
    }
    this.#heap[index] = wake;
  }

  /** The first wake that is not over, left in place. */
  peek(): Wake | undefined {
    while (this.#heap[0]?.over === true) this.#removeTop();
    return this.#heap[0];
  }

  take(): Wake | undefined {
    const wake = this.peek();
    if (wake !== undefined) this.#removeTop();
    return wake;
  }

  #removeTop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    let index = 0;
    for (;;) {
      const child = this.#firstChild(index);
      if (child === undefined || !isBefore(this.#at(child), last)) break;
      this.#heap[index] = this.#at(child);
      index = child;
    }
    this.#heap[index] = last;
  }

  #firstChild(index: number): number | undefined {
    const left = 2 * index + 1;
    const right = left + 1;
    if (left >= this.#heap.length) return undefined;
    return right < this.#heap.length && isBefore(this.#at(right), this.#at(left)) ? right : left;
  }

  #at(index: number): Wake {
    const wake = this.#heap[index];
    if (wake === undefined) throw new Error(`wake queue has no place ${index}`);
    return wake;
  }
}

function isBefore(wake: Wake, other: Wake): boolean {
  if (wake.atMilliseconds !== other.atMilliseconds) return wake.atMilliseconds < other.atMilliseconds;
  return wake.sequence < other.sequence;
}
