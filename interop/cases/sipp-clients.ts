import assert from 'node:assert/strict';
import type { CaseSurroundings } from '../case.ts';
import { Sipp, type SippOptions } from '../peers/sipp.ts';
import { type Account, domain } from '../surroundings/server-process.ts';
import { SipSocket } from '../surroundings/sip-socket.ts';
import { addressOf, credentials, statusOf } from '../surroundings/sip-text.ts';
import { alice, bob } from './accounts.ts';

let started = 0;

/** A SIPp that ends with its case. */
export function startSipp({ folder, after }: CaseSurroundings, options: Omit<SippOptions, 'folder'>): Sipp {
  started += 1;
  const sipp = new Sipp({ ...options, folder: folder(`sipp-${started}-${options.scenario}`) });
  after(() => sipp.stop());
  return sipp;
}

/** Registers that port as a CPM client of the user, by the server itself or by a proxy in front of it. */
export async function register(surroundings: CaseSurroundings, account: Account, localPort: number, remotePort = surroundings.port) {
  const injected = [await injectedRegistration(remotePort, account)];
  await startSipp(surroundings, { scenario: 'register', localPort, remotePort, injected, calls: 1 }).finished();
}

export async function injectedRegistration(port: number, account: Account): Promise<string> {
  const uri = `sip:${domain}`;
  const challenge = await challengeFor(port, 'REGISTER', uri, account);
  return injectedLine(account, credentials(challenge, { account, method: 'REGISTER', uri }));
}

/** Messages of alice to bob. */
export function injectedMessages(port: number, messages: number): Promise<string[]> {
  return injectedRequests(port, 'MESSAGE', messages);
}

/** New requests of alice to bob: one nonce for all of them, with a count that grows. */
export async function injectedRequests(port: number, method: string, requests: number): Promise<string[]> {
  const uri = addressOf(bob.user);
  // A nonce is good for every method, and the challenge of an INVITE would have to be acknowledged.
  const challenge = await challengeFor(port, 'MESSAGE', uri, alice);
  return Array.from({ length: requests }, (_, index) => {
    return injectedLine(alice, credentials(challenge, { account: alice, method, uri, count: index + 1 }), bob);
  });
}

/** A line of an injection file: user;credentials;domain;recipient */
export function injectedLine(account: Account, header: string, recipient?: Account): string {
  return [account.user, header, domain, recipient?.user ?? ''].join(';');
}

async function challengeFor(port: number, method: string, uri: string, account: Account): Promise<string> {
  const socket = await SipSocket.open({ host: '127.0.0.1', port });
  try {
    const from = addressOf(account.user);
    const to = method === 'REGISTER' ? from : uri;
    const answer = await socket.request({ method, uri, from, to });
    assert([401, 407].includes(statusOf(answer)), `a challenge, and not: ${answer}`);
    return answer;
  } finally {
    socket.close();
  }
}
