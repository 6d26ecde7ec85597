import assert from 'node:assert/strict';
import { answer, byMethod, type PeerScript } from '@opencpm/testkit';
import { msgTag, type Phone, textOf } from './phone.ts';
import { domain, type World } from './world.ts';

export const aliceUri = `sip:alice@${domain}`;
export const bobUri = `sip:bob@${domain}`;

/** A registered client of a user, with tags behind its Contact and a script for what it answers to MESSAGE. */
export async function clientOf(world: World, user: string, tags: string, script: PeerScript = () => answer(200)): Promise<Phone> {
  const phone = await world.phone(user, byMethod({ MESSAGE: script }));
  const response = await phone.register({ contacts: [`${phone.contact}${tags}`] });
  assert.equal(response.status, 200);
  return phone;
}

/** One of Bob, with the tag `msg` when nothing else is said. */
export function bobsClient(world: World, script?: PeerScript, tags = `;${msgTag}`): Promise<Phone> {
  return clientOf(world, 'bob', tags, script);
}

/** The texts that a phone got, each request once. */
export function texts(phone: Phone): readonly string[] {
  return phone.received().map(textOf);
}

/** The notifications among what a phone got, each request once: which message, what became of it. */
export function notifications(phone: Phone): readonly string[] {
  return phone.received().flatMap((request) => {
    const body = new TextDecoder().decode(request.body);
    const id = /<message-id>([^<]+)/.exec(body)?.[1];
    const status = /<status>\s*<(\w+)/.exec(body)?.[1];
    return id === undefined ? [] : [`${id} ${status}`];
  });
}
