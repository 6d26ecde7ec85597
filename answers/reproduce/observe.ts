import type { Captured, WireCapture } from '../../conformance/framework/capture.ts';
import { headerText, headerValues, isRequest, methodOf, statusOf, type WireMessage } from '../../conformance/framework/wire-message.ts';
import type { Expectation } from '../row.ts';
import { markOf, messageIdsOf } from './requests.ts';
import { type Scene, senderName } from './scene.ts';

/** What there is to see of a row now, in the form of what is expected. */
export async function observe(scene: Scene, answer: WireMessage | undefined): Promise<Expectation> {
  const wire = scene.capture.all.filter(isWire);
  const taken = wire.filter((one) => isReceivedMessage(one) && one.message.body.includes(markOf(scene.row.id)));
  const byClients = taken.filter((one) => one.at.includes('/') && isAccepted(one, wire));
  return {
    ...seenAnswer(answer, scene),
    ...some(
      'delivered',
      byClients.map(({ at }) => at),
    ),
    ...some(
      'recorded',
      byClients.filter(({ message }) => headerText(message, 'Message-UID') !== undefined).map(({ at }) => at),
    ),
    ...flag('senderIsHidden', byClients.length > 0 && !byClients.some(({ octets }) => scene.isNamedIn(octets))),
    ...flag(
      'interworked',
      taken.some(({ at }) => at === 'ISF'),
    ),
    ...flag(
      'sentOn',
      taken.some(({ at }) => at === 'other.test'),
    ),
    ...some('deferred', await waiting(scene)),
    ...some('stored', storedFor(scene)),
    ...seenNotification(wire, scene.row.id),
    ...flag('someAreDropped', isThinned(wire, scene)),
  };
}

function seenAnswer(answer: WireMessage | undefined, { row }: Scene): Expectation {
  if (answer === undefined) return { status: 0 };
  const warning = /^399 cpm\.test "(.*)"$/.exec(headerText(answer, 'Warning') ?? '')?.[1] ?? headerText(answer, 'Warning');
  const headers = row.expected.headers?.filter((header) => holds(header, answer)) ?? [];
  return {
    status: statusOf(answer) ?? 0,
    ...(warning === undefined ? {} : { warning }),
    ...flag('retryAfter', headerText(answer, 'Retry-After') !== undefined),
    ...some('headers', headers),
  };
}

function holds(header: string, answer: WireMessage): boolean {
  const [name = '', value] = header.split(': ');
  const values = headerValues(answer, name);
  return value === undefined ? values.length > 0 : values.includes(value);
}

function isWire(captured: Captured): captured is WireCapture {
  return captured.kind === 'wire';
}

/** A copy that was sent again, octet for octet, is not captured a second time. */
function isReceivedMessage({ direction, message }: WireCapture): boolean {
  return direction === 'received' && isRequest(message) && methodOf(message) === 'MESSAGE';
}

function isAccepted(request: WireCapture, wire: readonly WireCapture[]): boolean {
  return wire.some(({ at, direction, message }) => {
    const status = statusOf(message) ?? 0;
    if (at !== request.at || direction !== 'sent' || status < 200 || status > 299) return false;
    return ['Call-ID', 'CSeq'].every((name) => headerText(message, name) === headerText(request.message, name));
  });
}

async function waiting({ server, users, names }: Scene): Promise<readonly string[]> {
  const lists = await Promise.all(users.map((user) => server.command(['queue', 'list', '--user', names.account(user).user])));
  return lists.flat().map((message) => names.asInRow(String(message.user)));
}

/** The message store has no reader yet: the record of the outcome says what became of the message. */
function storedFor({ server, row, names }: Scene): readonly string[] {
  const own = server.records().filter(({ messageId }) => String(messageId).startsWith(messageIdsOf(row.id)));
  return own.filter(({ outcome }) => outcome === 'stored').map(({ servedUser }) => names.asInRow(String(servedUser)));
}

function seenNotification(wire: readonly WireCapture[], row: string): Pick<Expectation, 'notification'> {
  const own = wire.filter(isReceivedMessage).filter(({ message }) => message.body.includes(`<message-id>${messageIdsOf(row)}`));
  const [first, ...more] = own.map(({ message }) => (message.body.includes('<delivered/>') ? 'delivered' : 'failed'));
  if (more.length > 0) throw new Error(`${own.length} notifications came`);
  return first === undefined ? {} : { notification: first };
}

/** Fewer answers than requests at a sender who waited for none of them. */
function isThinned(wire: readonly WireCapture[], { row }: Scene): boolean {
  if (row.request.method !== 'MESSAGE' || row.request.atOnce === undefined) return false;
  const answers = wire.filter(({ at, direction, message }) => at === senderName && direction === 'received' && isFinalRefusal(message));
  return answers.length > 0 && answers.length < row.request.atOnce;
}

/** OPTIONS, which only wait for what came before, are answered 200. */
function isFinalRefusal(message: WireMessage): boolean {
  return (statusOf(message) ?? 0) >= 300;
}

function flag<Name extends string>(name: Name, holds: boolean): { readonly [name in Name]?: true } {
  return holds ? only(name, true) : {};
}

function some<Name extends string>(name: Name, values: readonly string[]): { readonly [name in Name]?: readonly string[] } {
  return values.length === 0 ? {} : only(name, values);
}

function only<Name extends string, Value>(name: Name, value: Value): { readonly [name in Name]?: Value } {
  const made: { [name in Name]?: Value } = {};
  made[name] = value;
  return made;
}
