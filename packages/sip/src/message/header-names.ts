import { isToken } from './character-classes.ts';

/** Compact forms (RFC 3261 §7.3.3 and the RFCs that registered one) and the names they stand for. */
const compactForms: ReadonlyMap<string, string> = new Map([
  ['a', 'Accept-Contact'],
  ['b', 'Referred-By'],
  ['c', 'Content-Type'],
  ['d', 'Request-Disposition'],
  ['e', 'Content-Encoding'],
  ['f', 'From'],
  ['i', 'Call-ID'],
  ['j', 'Reject-Contact'],
  ['k', 'Supported'],
  ['l', 'Content-Length'],
  ['m', 'Contact'],
  ['o', 'Event'],
  ['r', 'Refer-To'],
  ['s', 'Subject'],
  ['t', 'To'],
  ['u', 'Allow-Events'],
  ['v', 'Via'],
  ['x', 'Session-Expires'],
]);

/** Names that are always found at once, whatever other names peers fill the table with. */
const usualNames = [
  'Accept Accept-Contact Accept-Encoding Accept-Language Alert-Info Allow Allow-Events Authentication-Info Authorization',
  'Call-ID Call-Info Contact Content-Disposition Content-Encoding Content-Language Content-Length Content-Type CSeq Date',
  'Event Expires From In-Reply-To Max-Forwards MIME-Version Min-Expires P-Access-Network-Info P-Asserted-Identity',
  'P-Asserted-Service P-Associated-URI P-Charging-Vector P-Preferred-Identity P-Preferred-Service P-Visited-Network-ID Path',
  'Priority Privacy Proxy-Authenticate Proxy-Authorization Proxy-Require Reason Record-Route Refer-To Referred-By',
  'Reject-Contact Reply-To Request-Disposition Require Retry-After Route Server Service-Route Session-Expires Subject',
  'Subscription-State Supported Timestamp To Unsupported User-Agent Via Warning WWW-Authenticate',
  'Conversation-ID Contribution-ID InReplyTo-Contribution-ID Session-Replaces Message-Expires Message-UID',
]
  .join(' ')
  .split(' ');

/** Entries, not octets: far above the number of spellings that honest peers use. */
const maximumKnownSpellings = 2048;
/** Characters; a longer name is converted each time it is met. */
const maximumKeptLength = 40;

const keys = new Map<string, string>();
seed();

interface Spelling {
  readonly name: string;
  readonly key: string;
}

/** The usual spellings by length, first and last letter, so that a name is recognised where it stands in a text. */
const spellings: Spelling[][] = Array.from({ length: 1024 }, () => []);
for (const name of usualNames)
  spellings[place(name.length, name.charCodeAt(0), name.charCodeAt(name.length - 1))]?.push({ name, key: headerKey(name) });
for (const name of compactForms.keys()) spellings[place(1, name.charCodeAt(0), name.charCodeAt(0))]?.push({ name, key: headerKey(name) });

/**
 * The name by which headers are compared: the long form in lower case. The empty string for what is no header name;
 * a line with such a name is carried along and never found.
 */
export function headerKey(name: string): string {
  return keys.get(name) ?? learn(name);
}

/** As headerKey, for the name that stands in `text` from `start` to before `end`. */
export function headerKeyAt(text: string, start: number, end: number): string {
  const candidates = spellings[place(end - start, text.charCodeAt(start), text.charCodeAt(end - 1))];
  if (candidates !== undefined) {
    for (let index = 0; index < candidates.length; index += 1) {
      const candidate = candidates[index];
      if (candidate?.name.length === end - start && text.startsWith(candidate.name, start)) return candidate.key;
    }
  }
  return headerKey(text.slice(start, end));
}

function place(length: number, first: number, last: number): number {
  return (length * 37 + first * 5 + last * 11) & 1023;
}

function learn(name: string): string {
  if (!isToken(name)) return '';
  const lowerCase = name.toLowerCase();
  const key = keys.get(lowerCase) ?? lowerCase;
  if (name.length > maximumKeptLength) return key;
  if (keys.size >= maximumKnownSpellings) seed();
  keys.set(ownCopy(name), key);
  return key;
}

function seed(): void {
  keys.clear();
  for (const name of usualNames) {
    const key = interned(name.toLowerCase());
    keys.set(name, key);
    keys.set(key, key);
  }
  for (const [compact, name] of compactForms) {
    const key = headerKey(name);
    keys.set(compact, key);
    keys.set(compact.toUpperCase(), key);
  }
}

/** The same text as a property name: engines keep one copy of those, so that two of them compare by address. */
function interned(text: string): string {
  return Object.keys({ [text]: true })[0] ?? text;
}

/** A slice keeps the text it was cut from alive; a key that stays for long must not hold a whole message. */
function ownCopy(name: string): string {
  const codes = Array.from(name, (character) => character.charCodeAt(0));
  return String.fromCharCode(...codes);
}
