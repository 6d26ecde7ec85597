import assert from 'node:assert/strict';
import { it } from 'node:test';
import { World, type WorldOptions } from './world.ts';

export interface InWorldOptions extends Partial<WorldOptions> {
  /** The scenario makes the server say in its log that something went wrong. */
  readonly faultsExpected?: boolean;
}

/** A test in a world whose server runs. Whatever happens, the server says of no fault of its own. */
export function inWorld(name: string, options: InWorldOptions, scenario: (world: World) => Promise<void>): void {
  it(name, async () => {
    const { faultsExpected = false, ...worldOptions } = options;
    const world = new World({ seed: 1, ...worldOptions });
    try {
      await world.run(world.server.start());
      await scenario(world);
      const faults = world.server.log.filter(({ level }) => level === 'error');
      if (!faultsExpected) assert.deepEqual(faults, []);
    } finally {
      world.end();
    }
  });
}

/** The status of the server's queue and outbox. */
export async function waitingRows(world: World): Promise<{ readonly deferred: number; readonly owed: number }> {
  const status = await world.run(world.server.server.administration.status());
  return { deferred: status.deferredMessages, owed: status.outboxRows };
}

export function only<T>(list: readonly T[]): T {
  const [item] = list;
  assert.ok(item !== undefined && list.length === 1, `expected one, got ${list.length}`);
  return item;
}
