/** A whole server on virtual time and network, with the people around it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultConfiguration, type NewRule } from '@opencpm/server';
import { answer, type PeerScript, ScriptedPeer, type SeededRandom, VirtualClock, VirtualNetwork } from '@opencpm/testkit';
import { Mishaps } from '../../simulation/mishaps.ts';
import { msgTag, Phone } from '../../simulation/phone.ts';
import { SimulatedServer, simulatedUser } from '../../simulation/simulated-server.ts';
import { CheckedWire } from './checked-wire.ts';

export const serverPort = { host: '10.0.0.1', port: 5060 } as const;
const domain = 'cpm.test';

export interface ServerWorld {
  readonly clock: VirtualClock;
  readonly wire: CheckedWire;
  readonly server: SimulatedServer;
  /** A peer inside the network: what it asserts is believed. */
  readonly trusted: ScriptedPeer;
  /** Somebody whom nobody knows. */
  readonly stranger: ScriptedPeer;
  /** Alice, who shows her password. */
  readonly alice: Phone;
  /** Clients of Bob (CPM), Carol (plain) and a host of another domain. */
  readonly clients: readonly ScriptedPeer[];
  /** Removes the files. */
  end(): void;
}

/** Bob has a CPM client, Carol one that knows nothing of CPM, Erin one that never answers; Dave has none. */
export async function beginServerWorld(random: SeededRandom): Promise<ServerWorld> {
  const clock = new VirtualClock();
  const wire = new CheckedWire(clock.now(), serverPort.host);
  const network = new VirtualNetwork({ clock, random: random.fork('network'), wireLog: wire });
  const directory = mkdtempSync(join(tmpdir(), 'opencpm-fuzz-'));
  const server = new SimulatedServer({
    clock,
    network,
    random: random.fork('server'),
    address: serverPort.host,
    file: join(directory, 'fuzz.db'),
    configuration: configuration(),
    mishaps: new Mishaps(),
  });
  await clock.runToEnd(server.start(), 60_000);
  for (const [user, rule] of rules) await addRule(clock, server, user, rule);
  const peer = (host: string, script: PeerScript) =>
    ScriptedPeer.start({ network: network.host(host), clock, random: random.fork(host), address: { host, port: 5060 }, script });
  const phone = async (user: string, host: string, script: PeerScript) =>
    new Phone({ peer: await peer(host, script), clock, server: serverPort, domain, user });
  const ok: PeerScript = () => answer(200);
  const bob = await phone('bob', '10.0.0.3', ok);
  const carol = await phone('carol', '10.0.0.4', ok);
  const erin = await phone('erin', '10.0.0.5', () => ({ kind: 'silence' }));
  await bob.register({ contacts: [`${bob.contact};${msgTag}`], expiresSeconds: 86_400 });
  await carol.register({ contacts: [carol.contact], expiresSeconds: 86_400 });
  await erin.register({ contacts: [`${erin.contact};${msgTag}`], expiresSeconds: 86_400 });
  return {
    clock,
    wire,
    server,
    trusted: await peer('10.0.0.9', ok),
    stranger: await peer('10.0.0.20', ok),
    alice: await phone('alice', '10.0.0.30', ok),
    clients: [bob.peer, carol.peer, await peer('10.0.0.6', ok)],
    end: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Users of whose rules each does something else with what comes for them. */
const rules: readonly (readonly [user: string, rule: Partial<NewRule>])[] = [
  ['frank', { actions: ['forward'], forwardTo: `sip:bob@${domain}` }],
  ['grace', { actions: ['defer'] }],
  ['heidi', { actions: ['reject'], from: [`sip:alice@${domain}`] }],
  ['ivan', { actions: ['store', 'record'] }],
  ['judy', { actions: ['do-not-disturb'] }],
  ['mallory', { actions: ['forward'], forwardTo: `sip:mallory@${domain}` }],
];

async function addRule(clock: VirtualClock, server: SimulatedServer, user: string, rule: Partial<NewRule>): Promise<void> {
  const { preferences } = server.server.administration;
  const added = await clock.runToEnd(preferences.addRule(user, { actions: [], from: [], others: false, ...rule }), 60_000);
  if (added.kind !== 'done') throw new Error(`${user}: ${added.text}`);
}

function configuration() {
  const defaults = defaultConfiguration(domain);
  return {
    ...defaults,
    listen: (['UDP', 'TCP'] as const).map((transport) => ({ transport, ...serverPort })),
    users: [
      ...['alice', 'bob', 'carol', 'erin', ...rules.map(([user]) => user)].map((user) => simulatedUser(user)),
      simulatedUser('dave', `sip:dave@${domain}`, 'tel:+15550001'),
    ],
    http: { listen: undefined },
    trustedPeers: [{ address: '10.0.0.9' }],
    routes: { 'other.test': 'sip:10.0.0.6:5060' },
    policy: { ...defaults.policy, maxExpirySeconds: 86_400 },
  };
}
