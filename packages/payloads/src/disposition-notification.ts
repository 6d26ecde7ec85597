import type { CpimMessage } from './cpim.ts';
import { headers } from './cpim-access.ts';
import { withHeader, withoutHeader } from './cpim-change.ts';
import { imdnNamespace } from './cpim-header.ts';
import { trimBlanks } from './octets.ts';
import { readOnce } from './read-once.ts';

const headerName = 'Disposition-Notification';

/** What a sender may ask for (RFC 5438 §6; `interworking` is CPM's). */
export const dispositionNotificationNames = ['positive-delivery', 'negative-delivery', 'processing', 'display', 'interworking'] as const;
export type DispositionNotification = (typeof dispositionNotificationNames)[number];

/** What the sender asks for; tokens nobody knows here are not in it. Empty when the header is absent. */
export function dispositionNotifications(message: CpimMessage): ReadonlySet<DispositionNotification> {
  let list = '';
  for (const { name, namespace, value } of message.headers) {
    if (name === headerName && namespace === imdnNamespace) list = list === '' ? value : `${list},${value}`;
  }
  return knownTokens(list);
}

/** Nearly every message asks for the same. */
const knownTokens = readOnce(
  (text): ReadonlySet<DispositionNotification> => new Set(text.split(',').flatMap((request) => knownToken(request) ?? [])),
);

/**
 * Asks for exactly these, in the order the message had them and new ones behind. Unknown tokens and parameters of
 * kept ones survive; the header goes when nothing is left in it (decision 33). The same message when nothing changes.
 */
export function withDispositionNotifications(message: CpimMessage, wanted: ReadonlySet<DispositionNotification>): CpimMessage {
  const before = requests(message);
  const present = dispositionNotifications(message);
  if (present.size === wanted.size && [...present].every((name) => wanted.has(name))) return message;
  const kept = before.filter((request) => {
    const known = knownToken(request);
    return known === undefined || wanted.has(known);
  });
  const added = dispositionNotificationNames.filter((name) => wanted.has(name) && !present.has(name));
  const after = [...kept, ...added];
  if (after.length === 0) return withoutHeader(message, imdnNamespace, headerName);
  return withHeader(message, imdnNamespace, headerName, after.join(', '));
}

/** The members of the comma list with their parameters; several headers count as one list. */
function requests(message: CpimMessage): readonly string[] {
  const members = headers(message, imdnNamespace, headerName).flatMap((found) => found.value.split(','));
  return members.map(trimBlanks).filter((member) => member !== '');
}

function knownToken(request: string): DispositionNotification | undefined {
  const semicolon = request.indexOf(';');
  const token = trimBlanks(semicolon === -1 ? request : request.slice(0, semicolon)).toLowerCase();
  return dispositionNotificationNames.find((name) => name === token);
}
