import { eventually } from '../interop/surroundings/eventually.ts';
import type { ServerProcess } from '../interop/surroundings/server-process.ts';
import { SipSocket } from '../interop/surroundings/sip-socket.ts';
import { addressOf, okTo, statusOf, token } from '../interop/surroundings/sip-text.ts';

export const password = 'bench-password';

/** Whom nobody else writes to: as many as the drivers write to, for with one alone V8 compiles for what is in its memory already. */
export const warmUsers: readonly string[] = Array.from({ length: 100 }, (_, index) => `warm${index}`);

/** What V8 needs to have compiled the whole way of a message; a server in use is in that state after a minute. */
const relayedMessages = 20_000;
const storedMessages = 10_000;
const inFlight = 8;

/**
 * Sends messages to users who are away, lets them come and get them, sends more to them, and lets them go. The peer is a
 * compiled program and does without.
 */
export async function warmUp(server: ServerProcess): Promise<void> {
  const [sender, recipient] = [await SipSocket.open(server), await SipSocket.open(server, answerInTurn())];
  try {
    await sendMany(sender, storedMessages, [202]);
    for (const user of warmUsers) await recipient.register({ user, password });
    await eventually('what was stored comes', () => (new Set(recipient.requests).size >= storedMessages ? true : undefined), {
      withinMilliseconds: 120_000,
    });
    // What comes while something still waits, waits behind it.
    await eventually('a message is relayed again', async () => (statusOf(await sender.request(message(0))) === 200 ? true : undefined), {
      withinMilliseconds: 120_000,
    });
    await sendMany(sender, relayedMessages, [200, 202]);
    for (const user of warmUsers) await recipient.register({ user, password }, 0);
  } finally {
    sender.close();
    recipient.close();
  }
}

async function sendMany(sender: SipSocket, count: number, expected: readonly number[]): Promise<void> {
  let left = count;
  const sendOneByOne = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const status = statusOf(await sender.request(message(left)));
      if (!expected.includes(status)) throw new Error(`a message of the warm-up was answered ${status}, not ${expected.join(' or ')}`);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, sendOneByOne));
}

/** Some clients write back every Via in a line of its own, some all of them in one (RFC 3261 §7.3.1). */
function answerInTurn(): (request: string) => string {
  let inOneLine = false;
  return (request) => {
    inOneLine = !inOneLine;
    const answer = okTo(request);
    return inOneLine ? answer.replace(/\r\nVia: (.*)\r\nVia: /i, '\r\nVia: $1, ') : answer;
  };
}

function message(number: number) {
  const id = token();
  const [from, to] = [addressOf(`alice${number % warmUsers.length}`), addressOf(`warm${number % warmUsers.length}`)];
  const headers = [
    'User-Agent: CPM-client/OMA2.2 warm-up',
    `P-Preferred-Identity: <${from}>`,
    'Accept-Contact: *;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg"',
    'P-Preferred-Service: urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg',
    `Conversation-ID: warm-up-${number % warmUsers.length}`,
    `Contribution-ID: ${id}`,
    'Content-Type: message/cpim',
  ];
  const text = 'Warming up. '.repeat(8);
  const envelope = [
    `From: <${from}>`,
    `To: <${to}>`,
    'DateTime: 2026-03-01T08:30:00Z',
    'NS: imdn <urn:ietf:params:imdn>',
    `imdn.Message-ID: ${id}`,
    'imdn.Disposition-Notification: positive-delivery, display',
  ];
  const entity = ['Content-Type: text/plain; charset=UTF-8', ...(number % 2 === 0 ? [`Content-Length: ${text.length}`] : [])];
  const body = `${envelope.join('\r\n')}\r\n\r\n${entity.join('\r\n')}\r\n\r\n${text}`;
  return { method: 'MESSAGE', uri: to, from, to, headers, body };
}
