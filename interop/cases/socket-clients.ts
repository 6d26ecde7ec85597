import type { CaseSurroundings } from '../case.ts';
import type { Account } from '../surroundings/server-process.ts';
import { SipSocket } from '../surroundings/sip-socket.ts';
import { addressOf, credentials, requestText, statusOf, token } from '../surroundings/sip-text.ts';
import { bob } from './accounts.ts';

/** A bare socket that ends with its case; speaks to the server, or to a proxy in front of it. */
export async function openSocket({ port, after }: CaseSurroundings, remotePort = port): Promise<SipSocket> {
  const socket = await SipSocket.open({ host: '127.0.0.1', port: remotePort });
  after(async () => socket.close());
  return socket;
}

export interface MessageChange {
  readonly from?: string;
  readonly body?: string;
}

/** A message to bob. */
export function messageParts(account: Account, { from = addressOf(account.user), body = 'hello' }: MessageChange = {}) {
  return { method: 'MESSAGE', uri: addressOf(bob.user), from, to: addressOf(bob.user), headers: ['Content-Type: text/plain'], body };
}

export function messageFrom(socket: SipSocket, account: Account): string {
  return requestText({ ...messageParts(account), sentBy: socket.sentBy });
}

/** The answer to a MESSAGE; to its second attempt when the first one was challenged. */
export async function sendWithDigest(socket: SipSocket, account: Account, change: MessageChange = {}): Promise<string> {
  const parts = { ...messageParts(account, change), callId: token() };
  const challenge = await socket.request(parts);
  if (statusOf(challenge) !== 407) return challenge;
  const headers = [...parts.headers, credentials(challenge, { account, method: 'MESSAGE', uri: parts.uri })];
  return socket.request({ ...parts, cseq: 2, headers });
}
