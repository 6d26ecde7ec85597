import { existsSync } from 'node:fs';

import type { ConfiguredUser, ListenAddress } from '../configuration/configuration.ts';
import { databaseFile } from '../configuration/storage-location.ts';
import type { Server } from '../create-server.ts';
import { newDemoUsers } from './demo.ts';
import { freePort } from './free-port.ts';
import { type LocatedConfiguration, shortest } from './located-configuration.ts';
import { done, exitCodes, failed, type Outcome, outcomeOf } from './outcome.ts';
import { columns } from './output.ts';
import { alreadyRunning, runServer } from './run-server.ts';
import { faultText } from './startup-faults.ts';
import type { CommandRun } from './surroundings.ts';

const host = '127.0.0.1';
const wishedPort = 5060;
const wishedHttpPort = 9464;

/**
 * The server of `npm start` when there is no configuration file: everything on loopback, three users. Their passwords
 * are made at the first start and shown then; the database keeps only what digest authentication needs.
 */
export async function startDemo(run: CommandRun, located: LocatedConfiguration): Promise<Outcome<void>> {
  const taken = await alreadyRunning(located);
  if (taken !== undefined) return taken;
  const port = await freePort(host, wishedPort);
  if (port === undefined)
    return failed(exitCodes.fault, `No port from ${wishedPort} on is free on ${host} (name others in a configuration file).`);
  const known = await hasDemoUsers(located);
  if (known.kind === 'failed') return known;
  const users = known.value ? [] : newDemoUsers();
  const listen: readonly ListenAddress[] = [
    { transport: 'UDP', host, port },
    { transport: 'TCP', host, port },
  ];
  const httpPort = await freePort(host, wishedHttpPort);
  const http = { listen: httpPort === undefined ? undefined : { host, port: httpPort } };
  const configuration = { ...located.configuration, listen, users, http };
  return runServer(run, { ...located, configuration }, (server) => announce(run, { located, server, port, users }));
}

async function hasDemoUsers(located: LocatedConfiguration): Promise<Outcome<boolean>> {
  if (!existsSync(databaseFile(located.configuration.storage) ?? '')) return done(false);
  const { openAdministration } = await import('../offline-administration.ts');
  try {
    const administration = await openAdministration(located.configuration);
    const users = outcomeOf(await administration.users());
    await administration.close();
    return users.kind === 'failed' ? users : done(users.value.some((user) => user.source === 'demo'));
  } catch (error) {
    return failed(exitCodes.fault, faultText(error, located));
  }
}

interface StartedDemo {
  readonly located: LocatedConfiguration;
  readonly server: Server;
  readonly port: number;
  /** With their passwords; empty unless this is the first start. */
  readonly users: readonly ConfiguredUser[];
}

function announce(run: CommandRun, demo: StartedDemo): void {
  const { domain, storage } = demo.located.configuration;
  const { listen, http } = demo.server;
  const users = demo.users.map(({ user, password }) => ({ user, password }));
  run.output.report({ event: 'started', domain, listen, http, users }, announcement(run, demo, domain, storage));
}

function announcement(run: CommandRun, demo: StartedDemo, domain: string, storage: string): string {
  const database = shortest(databaseFile(storage) ?? storage, run.surroundings.directory);
  const password = demo.users.find((user) => user.user === 'bob')?.password ?? 'PASSWORD';
  return [
    `OpenCPM serves ${domain}`,
    ...demo.server.listen.map((address) => `  ${address}`),
    ...(demo.server.http === undefined ? [] : [`  ${demo.server.http}/metrics`]),
    '',
    ...userLines(demo, domain, database),
    '',
    'Send the first message, each line in a terminal of its own, in this folder:',
    '  npx opencpm listen --as bob',
    "  npx opencpm send --as alice bob 'hello'",
    '',
    'Or with a SIP client on this machine, on another port than the server; linphonec for one:',
    "  printf '[sip]\\nsip_port=5099\\nsip_tcp_port=0\\nsip_tls_port=0\\n' > linphonerc && linphonec -c linphonerc",
    `  register sip:bob@${domain} sip:${host}:${demo.port} ${password}`,
    '',
    'Stop with Ctrl-C. For users, addresses and a domain of your own copy docs/example.yaml to opencpm.yaml.',
  ].join('\n');
}

function userLines(demo: StartedDemo, domain: string, database: string): readonly string[] {
  if (demo.users.length === 0) {
    return [
      `Users alice, bob and carol have the passwords that were shown at the first start; the commands below need none.`,
      `(For new passwords stop the server and remove ${database}, with all that waits in it.)`,
    ];
  }
  const rows = demo.users.map(({ user, password }) => [`  ${user}`, `sip:${user}@${domain}`, `password ${password}`]);
  return ['Users, on this machine only; their passwords are shown this once:', columns(rows)];
}
