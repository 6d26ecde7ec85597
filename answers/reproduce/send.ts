import type { Account } from '../../conformance/framework/digest.ts';
import { headerText, type WireMessage } from '../../conformance/framework/wire-message.ts';
import { type MessageRequest, type RegisterRequest, usualSender } from '../row.ts';
import type { OutgoingRequest, Participant } from './participant.ts';
import { messageRequest, newIdentity, registerRequest } from './requests.ts';
import type { Scene } from './scene.ts';

/** Sends what the row says; gives the answer that counts, the last one, or undefined when none came. */
export async function send(scene: Scene): Promise<WireMessage | undefined> {
  const participant = await scene.sender();
  const { request } = scene.row;
  return request.method === 'REGISTER' ? sendRegister(request, participant, scene) : sendMessages(request, participant, scene);
}

async function sendRegister(
  { of, expiresSeconds = 3600 }: RegisterRequest,
  participant: Participant,
  scene: Scene,
): Promise<WireMessage | undefined> {
  const account = credentialsOf(scene);
  const by = scene.names.account(senderOf(scene)).address;
  const { host, port } = participant.address;
  const contact = `<sip:alice@${host}:${port}>`;
  const outgoing = registerRequest({ of: of === undefined ? by : scene.names.account(of).address, by, contact, expiresSeconds });
  return participant.exchange(outgoing, scene.capture, account);
}

async function sendMessages(request: MessageRequest, participant: Participant, scene: Scene): Promise<WireMessage | undefined> {
  const account = credentialsOf(scene);
  if (account !== undefined && isHeardByClient(scene)) {
    await scene.register(participant, account, { instance: scene.names.instance('alice/phone') });
  }
  const about = request.about === undefined ? undefined : await sendAnonymously(scene);
  const compose = (wish: MessageRequest, identity = newIdentity(scene.row.id)): OutgoingRequest => composed(wish, identity, scene, about);
  for (let count = 0; count < (request.earlier ?? 0); count += 1) {
    const { asks: _, ...quietly } = request;
    await participant.exchange(compose(quietly), scene.capture, account);
  }
  const identity = newIdentity(scene.row.id);
  for (let count = 1; count < (request.times ?? 1); count += 1)
    await participant.exchange(compose(request, identity), scene.capture, account);
  if (request.atOnce !== undefined) return sendAtOnce(request.atOnce, () => compose(request), participant, scene);
  return participant.exchange(compose(request, identity), scene.capture, account);
}

/** From alice’s client to bob; gives its imdn.Message-ID. */
async function sendAnonymously(scene: Scene): Promise<string> {
  const { names, row, capture } = scene;
  const [alice, bob] = [names.account('alice'), names.account('bob')];
  const identity = newIdentity(row.id);
  const message: MessageRequest = { method: 'MESSAGE', asks: 'positive-delivery, display', headers: { Privacy: 'id' } };
  const outgoing = messageRequest(message, { row: row.id, names, from: alice.address, to: bob.address }, identity);
  await scene.clientNamed('alice/phone').exchange(outgoing, capture, alice);
  return identity.messageId;
}

/** Gives the first answer that one of them got. */
async function sendAtOnce(
  count: number,
  compose: () => OutgoingRequest,
  participant: Participant,
  scene: Scene,
): Promise<WireMessage | undefined> {
  const callIds = new Set(Array.from({ length: count }, () => participant.send(compose())));
  await scene.fence();
  for (const captured of scene.capture.all) {
    if (captured.kind !== 'wire' || captured.direction !== 'received') continue;
    if (callIds.has(headerText(captured.message, 'Call-ID') ?? '')) return captured.message;
  }
  return undefined;
}

/** The sender registers when something may come to him: notifications, copies of what he sent. */
function isHeardByClient({ row }: Scene): boolean {
  if (row.sender !== undefined) return false;
  const asks = row.request.method === 'MESSAGE' && row.request.asks !== undefined;
  return asks || Object.keys(row.clients ?? {}).some((name) => name.startsWith('alice/'));
}

function composed(request: MessageRequest, identity: ReturnType<typeof newIdentity>, scene: Scene, about?: string): OutgoingRequest {
  const { names, row } = scene;
  const { sender = usualSender } = row;
  const gruuOwner = request.to?.startsWith('gruu of ') === true ? request.to.slice('gruu of '.length) : undefined;
  const to = gruuOwner === undefined ? names.own(request.to ?? 'sip:bob@cpm.test') : scene.gruuOf(gruuOwner);
  const asserted = sender.kind === 'trusted peer' ? { asserted: names.own(sender.asserts) } : {};
  const from = request.from === undefined ? (asserted.asserted ?? names.account(senderOf(scene)).address) : names.own(request.from);
  return messageRequest(request, { row: row.id, names, from, to, ...asserted, ...(about === undefined ? {} : { about }) }, identity);
}

function senderOf({ row: { sender = usualSender } }: Scene): string {
  return sender.kind === 'user' ? sender.name : 'alice';
}

/** Undefined: who sends answers no challenge. */
function credentialsOf({ row, names }: Scene): Account | undefined {
  const { sender = usualSender } = row;
  if (sender.kind !== 'user') return undefined;
  const account = names.account(sender.name);
  return sender.password === 'wrong' ? { ...account, password: 'guessed' } : account;
}
