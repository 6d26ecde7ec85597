import type { CaseSurroundings, InteropCase } from '../case.ts';
import { kamailioProgram } from '../peers/kamailio.ts';
import { type Sipp, type SippScenario, sippProgram } from '../peers/sipp.ts';
import { freePort } from '../surroundings/free-port.ts';
import { alice, bob, users } from './accounts.ts';
import { startEdge } from './edge.ts';
import { injectedRequests, register, startSipp } from './sipp-clients.ts';

/** What no function of the server claims: it is the proxy between phones (RFC 3261 §16). */
export const callCases: readonly InteropCase[] = [
  call('the caller hangs up', { caller: 'call', phones: ['take-call'] }),
  call('the called side hangs up', { caller: 'call-until-hung-up', phones: ['take-call-and-hang-up'] }),
  call('the caller gives up while it rings', { caller: 'call-and-cancel', phones: ['ring-until-cancelled'] }),
  call('busy', { caller: 'call-in-vain', phones: ['refuse-call'] }),
  call('of two phones that ring, the one that is not answered is cancelled', {
    caller: 'call',
    phones: ['take-call', 'ring-until-cancelled'],
  }),
  call('of two phones, one is busy and one is answered', { caller: 'call', phones: ['refuse-call', 'take-call'] }),
  call('OPTIONS to a user', { caller: 'ask-options', phones: ['answer-options'], method: 'OPTIONS' }),
  call('through Kamailio as edge, the caller hangs up', { caller: 'call', phones: ['take-call'], edge: true }),
  call('through Kamailio as edge, the called side hangs up', {
    caller: 'call-until-hung-up',
    phones: ['take-call-and-hang-up'],
    edge: true,
  }),
  call('through Kamailio as edge, the caller gives up', { caller: 'call-and-cancel', phones: ['ring-until-cancelled'], edge: true }),
];

interface CallScenarios {
  /** What alice's phone does. */
  readonly caller: SippScenario;
  /** What each of bob's phones does. */
  readonly phones: readonly SippScenario[];
  /** INVITE when left out. */
  readonly method?: 'INVITE' | 'OPTIONS';
  /** All phones are behind Kamailio. */
  readonly edge?: boolean;
}

const calls = 10;

function call(name: string, scenarios: CallScenarios): InteropCase {
  const needs = [sippProgram, ...(scenarios.edge === true ? [kamailioProgram] : [])];
  return { name: `SIPp calls SIPp: ${name}`, needs, run: (surroundings) => goesThrough(surroundings, scenarios) };
}

/** Each side sees all calls to their end as its scenario says. */
async function goesThrough(surroundings: CaseSurroundings, { caller, phones, method = 'INVITE', edge = false }: CallScenarios) {
  await surroundings.startServer({ users });
  const remotePort = edge ? (await startEdge(surroundings, 'udp')).port : surroundings.port;
  const localPort = await freePort();
  await register(surroundings, alice, localPort, remotePort);
  const called: Sipp[] = [];
  for (const scenario of phones) called.push(await phoneOfBob(surroundings, scenario, remotePort));
  const injected = await injectedRequests(remotePort, method, calls);
  await startSipp(surroundings, { scenario: caller, localPort, remotePort, injected, calls, callsPerSecond: calls }).finished();
  for (const phone of called) await phone.finished();
}

async function phoneOfBob(surroundings: CaseSurroundings, scenario: SippScenario, remotePort: number): Promise<Sipp> {
  const localPort = await freePort();
  await register(surroundings, bob, localPort, remotePort);
  return startSipp(surroundings, { scenario, localPort, calls }).listening();
}
