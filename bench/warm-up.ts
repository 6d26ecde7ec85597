import { eventually } from '../interop/surroundings/eventually.ts';
import type { ServerProcess } from '../interop/surroundings/server-process.ts';
import { SipSocket } from '../interop/surroundings/sip-socket.ts';
import { addressOf, statusOf, token } from '../interop/surroundings/sip-text.ts';

export const password = 'bench-password';

/** Whom nobody else writes to. */
export const warmUser = 'warm';

/** What V8 needs to have compiled the whole way of a message; a server in use is in that state after a minute. */
const relayedMessages = 20_000;
const storedMessages = 1000;
const inFlight = 8;

/**
 * Sends messages to a user who is away, lets him come and get them, sends more to him, and lets him go. The peer is a
 * compiled program and does without.
 */
export async function warmUp(server: ServerProcess): Promise<void> {
  const [sender, recipient] = [await SipSocket.open(server), await SipSocket.open(server)];
  try {
    await sendMany(sender, storedMessages, [202]);
    await recipient.register({ user: warmUser, password });
    await eventually('what was stored comes', () => (new Set(recipient.requests).size >= storedMessages ? true : undefined), {
      withinMilliseconds: 60_000,
    });
    // What comes while something still waits, waits behind it.
    await eventually('a message is relayed again', async () => (statusOf(await sender.request(message())) === 200 ? true : undefined), {
      withinMilliseconds: 60_000,
    });
    await sendMany(sender, relayedMessages, [200, 202]);
    await recipient.register({ user: warmUser, password }, 0);
  } finally {
    sender.close();
    recipient.close();
  }
}

async function sendMany(sender: SipSocket, count: number, expected: readonly number[]): Promise<void> {
  let left = count;
  const sendOneByOne = async (): Promise<void> => {
    for (; left > 0; left--) {
      const answer = await sender.request(message());
      const status = statusOf(answer);
      if (!expected.includes(status)) throw new Error(`a message of the warm-up was answered ${status}, not ${expected.join(' or ')}`);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, sendOneByOne));
}

function message() {
  const [from, to, id] = [addressOf('alice0'), addressOf(warmUser), token()];
  const headers = [
    'User-Agent: CPM-client/OMA2.2 warm-up',
    `P-Preferred-Identity: <${from}>`,
    'Accept-Contact: *;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg"',
    'P-Preferred-Service: urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg',
    'Conversation-ID: warm-up',
    `Contribution-ID: ${id}`,
    'Content-Type: message/cpim',
  ];
  const envelope = [
    `From: <${from}>`,
    `To: <${to}>`,
    'DateTime: 2026-03-01T08:30:00Z',
    'NS: imdn <urn:ietf:params:imdn>',
    `imdn.Message-ID: ${id}`,
    'imdn.Disposition-Notification: positive-delivery, display',
  ];
  const body = `${envelope.join('\r\n')}\r\n\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n${'Warming up. '.repeat(8)}`;
  return { method: 'MESSAGE', uri: to, from, to, headers, body };
}
