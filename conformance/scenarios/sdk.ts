import { type ClientHandlers, type ClientOptions, CpmClient, type ReceivedMessage, type SendOutcome } from '@opencpm/client';
import { nodeClientPlatform } from '@opencpm/client/node';
import type { PagerMessage } from '../framework/pager-message.ts';
import type { ScriptedCore } from '../framework/scripted-core.ts';
import type { World } from '../framework/world.ts';

/** The user of the client under test, and the one he writes to. */
export const alice = 'sip:alice@home.test';
export const bob = 'sip:bob@home.test';

/** The client SDK in this process over real sockets, registered at the scripted core; what it shows becomes reports. */
export async function registeredSdk(
  world: World,
  core: ScriptedCore,
  options: Partial<ClientOptions> = {},
  message: ClientHandlers['message'] = () => undefined,
): Promise<{ readonly client: CpmClient; readonly received: readonly ReceivedMessage[] }> {
  const server = await world.through({ at: 'core', end: 'far' }, core.address);
  const received: ReceivedMessage[] = [];
  const show: ClientHandlers['message'] = (one) => {
    received.push(one);
    world.report('SDK', one.messageId ?? 'message', shown(one));
    return message(one);
  };
  const settings: ClientOptions = { identity: alice, password: 'wonderland', server: { transport: 'UDP', ...server }, ...options };
  const client = new CpmClient(nodeClientPlatform(), settings, {
    message: show,
    disposition: ({ messageId, from, notification }) => world.report('SDK', 'disposition', { messageId, from, ...notification }),
  });
  world.closeLater(() => client.close());
  const outcome = await world.within(client.register());
  if (outcome.kind !== 'registered') world.stop(`the SDK could not register: ${outcome.kind}`);
  return { client, received };
}

/** Reports what the SDK said about a message that it sent. */
export function reportOutcome(world: World, about: string, outcome: SendOutcome): void {
  world.report('SDK', about, outcome);
}

/** A message of Bob's as a terminating function delivers it. */
export function deliveryFromBob(message: Partial<PagerMessage> & Pick<PagerMessage, 'text' | 'messageId'>): PagerMessage {
  const { headers = [], ...others } = message;
  const asserted = [
    { name: 'P-Asserted-Identity', value: `<${bob}>` },
    { name: 'InReplyTo-Contribution-ID', value: 'an-earlier-contribution' },
  ];
  return { from: bob, to: alice, label: message.text, sipFrom: `<${bob}>`, ...others, headers: [...asserted, ...headers] };
}

function shown(one: ReceivedMessage): object {
  return {
    text: one.text,
    from: one.from,
    messageUid: one.messageUid,
    deferred: one.deferred,
    contributionId: one.contributionId,
    disposition: one.content.disposition,
    contentType: one.content.contentType,
    externalUrl: one.content.externalUrl,
    notifications: [...one.requestedNotifications].sort().join(', '),
  };
}
