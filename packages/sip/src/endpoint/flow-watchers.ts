import type { Flow } from '../platform.ts';

/** Waits for an answer over a flow. The field belongs to its FlowWatchers. */
export interface FlowWatcher {
  watchIndex: number;
}

/** Who waits over which flow, to be told when it closes. Lists by flow: see key-table.ts for why no Map of Sets. */
export class FlowWatchers<Watcher extends FlowWatcher> {
  readonly #byFlow = new WeakMap<Flow, Watcher[]>();

  /** A watcher waits over one flow at a time. */
  add(flow: Flow, watcher: Watcher): void {
    let watchers = this.#byFlow.get(flow);
    if (watchers === undefined) {
      watchers = [];
      this.#byFlow.set(flow, watchers);
    }
    watcher.watchIndex = watchers.push(watcher) - 1;
  }

  /** Does nothing for one that does not wait over that flow. */
  remove(flow: Flow, watcher: Watcher): void {
    const watchers = this.#byFlow.get(flow);
    if (watchers?.[watcher.watchIndex] !== watcher) return;
    const last = watchers.pop();
    if (last === undefined || last === watcher) return;
    watchers[watcher.watchIndex] = last;
    last.watchIndex = watcher.watchIndex;
  }

  /** As they are now. */
  of(flow: Flow): readonly Watcher[] {
    return this.#byFlow.get(flow)?.slice() ?? [];
  }
}
