import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { Flow } from '../platform.ts';
import { type FlowWatcher, FlowWatchers } from './flow-watchers.ts';

const address = { host: '192.0.2.1', port: 5060 };

function flow(id: string): Flow {
  return { id, transport: 'TCP', reliable: true, local: address, remote: address, closed: false, send: () => true, close: () => undefined };
}

it('the watchers of a flow are those that were added and not removed since', () => {
  const step = fc.record({ add: fc.boolean(), flow: fc.nat(1), watcher: fc.nat(9) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const flows = [flow('one'), flow('two')] as const;
      const watchers = new FlowWatchers<FlowWatcher>();
      const all = Array.from({ length: 10 }, () => ({ watchIndex: 0 }));
      const waits = new Map<FlowWatcher, Flow>();
      for (const { add, flow: place, watcher: number } of steps) {
        const [over, watcher] = [flows[place], all[number]];
        assert(over !== undefined && watcher !== undefined);
        if (add && !waits.has(watcher)) {
          watchers.add(over, watcher);
          waits.set(watcher, over);
        } else if (!add) {
          watchers.remove(over, watcher);
          if (waits.get(watcher) === over) waits.delete(watcher);
        }
        for (const each of flows) {
          const expected = [...waits].flatMap(([waiting, its]) => (its === each ? [waiting] : []));
          assert.deepEqual(new Set(watchers.of(each)), new Set(expected));
        }
      }
    }),
  );
});
