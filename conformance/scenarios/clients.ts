import { randomUUID } from 'node:crypto';
import { serviceTag } from '../framework/pager-message.ts';
import type { Peer } from '../framework/peer.ts';
import type { Answer } from '../framework/sip-socket.ts';
import type { PeerSetting, World } from '../framework/world.ts';

/** The release tokens of Appendix D, as wire facts 3 has them. */
export const serverRelease = /^CPM-serv\/OMA2\.1( |$)/;
export const clientRelease = /^CPM-client\/OMA2\.1( |$)/;

/** Registers a client that takes pager mode messages and deferred ones. */
export async function messagingClient(world: World, name: string, user: string): Promise<Peer> {
  return registered(world, name, { user, features: `;${messagingServices};+sip.instance="<${newInstance(world, name)}>"` });
}

/** The same for a client that knows of GRUUs (RFC 5627); its public one is the fact `<name> gruu`. */
export async function gruuClient(world: World, name: string, user: string): Promise<Peer> {
  const instance = newInstance(world, name);
  world.note(`${name} gruu`, `${world.account(user).address};gr=${instance}`);
  return registered(world, name, { user, features: `;${messagingServices};+sip.instance="<${instance}>"`, supported: 'gruu' });
}

/** Registers a client that takes CPM sessions only. */
export async function sessionClient(world: World, name: string, user: string): Promise<Peer> {
  return registered(world, name, { user, features: `;${serviceTag('session')};+sip.instance="<${newInstance(world, name)}>"` });
}

export function answerWith(status: number): () => Answer {
  return () => ({ status });
}

/** Leaves requests without an answer. */
export function stayMute(): undefined {
  return undefined;
}

/** `msg` and `deferred` in one tag value (wire facts 1.1). */
const messagingServices = serviceTag('msg').replace(/"$/, `,${serviceTag('deferred').split('"')[1]}"`);

/** A device of its own; its URN is the fact `<name> instance`. */
function newInstance(world: World, name: string): string {
  const instance = `urn:uuid:${randomUUID()}`;
  world.note(`${name} instance`, instance);
  return instance;
}

async function registered(world: World, name: string, setting: PeerSetting): Promise<Peer> {
  const peer = await world.peer(name, setting);
  const status = await peer.register();
  if (status !== 200) world.stop(`${name} could not register: ${status ?? 'no answer'}`);
  return peer;
}
