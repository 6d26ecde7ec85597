import { answer, formatLadder, WireLog } from '@opencpm/testkit';
import { bobsClient, bobUri } from './clients.ts';
import { cpmMessage } from './phone.ts';
import { serverPort, World } from './world.ts';

/** The call flows of docs/architecture.md, drawn from what went over the virtual wire. */

/** Both are registered over TCP; the message asks for both notifications, and Bob reads it. */
export function relayedMessageLadder(): Promise<string> {
  return inFreshWorld(async (world) => {
    const server = { transport: 'TCP', ...serverPort } as const;
    const alice = world.client('alice', { server });
    const bob = world.client('bob', { server });
    await world.run(alice.client.register());
    await world.run(bob.client.register());
    await world.clock.runFor(1000);
    const began = world.clock.now();
    await world.run(alice.client.send(bobUri, 'hello'));
    await world.clock.runFor(1000);
    const [message] = bob.messages;
    if (message === undefined) throw new Error('Bob has no message');
    await world.run(bob.client.notifyDisplayed(message));
    await world.clock.runFor(1000);
    return ladderSince(world, began);
  });
}

/** Bob is away, the server crashes and starts again, Bob comes. */
export function deferredMessageLadder(): Promise<string> {
  return inFreshWorld(async (world) => {
    const alice = await world.phone('alice');
    const began = world.clock.now();
    await alice.message(bobUri, cpmMessage('for later'));
    world.server.crash();
    await world.clock.runFor(5000);
    await world.run(world.server.start());
    await bobsClient(world, () => answer(200));
    await world.clock.runFor(1000);
    return ladderSince(world, began);
  });
}

async function inFreshWorld(scenario: (world: World) => Promise<string>): Promise<string> {
  const world = new World({ seed: 1 });
  try {
    await world.run(world.server.start());
    return await scenario(world);
  } finally {
    world.end();
  }
}

function ladderSince(world: World, began: number): string {
  const { wireLog } = world.network;
  const shown = new WireLog(began);
  // The server stands between the two.
  const [server, alice, bob] = wireLog.names;
  for (const [address, name] of [alice, server, bob].filter((host) => host !== undefined)) shown.nameHost(address, name);
  for (const entry of wireLog.entries) if (entry.atMilliseconds >= began) shown.add(entry);
  return formatLadder(shown);
}
