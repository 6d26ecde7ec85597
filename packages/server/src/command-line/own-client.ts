import type { ClientHandlers, CpmClient, RegistrationOutcome, SendOutcome } from '@opencpm/client';

import type { Account } from './account.ts';
import { serverName } from './account.ts';
import { instanceId } from './instance-id.ts';
import { exitCodes, type Failure, failed } from './outcome.ts';

const product = 'OpenCPM-command-line/0.1.0';

/** The CPM Client of this command. Notifications are sent by the command, which knows when it has shown something. */
export async function openClient(role: 'send' | 'listen', account: Account, handlers: ClientHandlers): Promise<CpmClient> {
  const [{ CpmClient: Client }, { nodeClientPlatform }] = await Promise.all([import('@opencpm/client'), import('@opencpm/client/node')]);
  const options = {
    identity: account.identity,
    username: account.username,
    ...account.secret,
    server: account.server,
    domain: account.domain,
    instanceId: instanceId(role, account.identity),
    product,
    deliveryNotifications: 'manual',
  } as const;
  return new Client(nodeClientPlatform(), options, handlers);
}

/** Undefined when the client is registered. */
export function registrationFailure(outcome: RegistrationOutcome, account: Account): Failure | undefined {
  if (outcome.kind === 'registered') return undefined;
  if (outcome.kind === 'unreachable') return unreachable(account, outcome.reason);
  const hint = outcome.status === 401 || outcome.status === 403 ? ' (is the password right?)' : '';
  return failed(exitCodes.refused, `${account.identity} may not register: ${outcome.status} ${outcome.reason}${hint}`);
}

/** Undefined when the server has taken the message. */
export function sendFailure(outcome: SendOutcome, account: Account): Failure | undefined {
  if (outcome.kind === 'accepted') return undefined;
  if (outcome.kind === 'unreachable') return unreachable(account, outcome.reason);
  if (outcome.kind === 'too-large') {
    const text = `Not sent: the message takes ${outcome.sizeOctets} octets, and a pager-mode message at most ${outcome.limitOctets}.`;
    return failed(exitCodes.refused, text);
  }
  const warning = outcome.warning === undefined ? '' : ` (${outcome.warning})`;
  return failed(exitCodes.refused, `Not sent: ${outcome.status} ${outcome.reason}${warning}`);
}

function unreachable(account: Account, reason: string): Failure {
  return failed(exitCodes.fault, `The server at ${serverName(account)} does not answer: ${reason}`);
}
