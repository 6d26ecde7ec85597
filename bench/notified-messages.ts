import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A copy of the drivers in which what `sip-relay.mjs` sends is by turns a message from one user to another, and from him
 * back the notifications that it was delivered and displayed. Senders are recipients of others, and so registered. They
 * name their device, as handsets do (wire facts 5.2): without it, what comes from another port is another device's, and
 * theirs would get a copy, a fourth relay for three requests. Gives the folder, which is the caller's to remove.
 */
export function driversWithNotifications(drivers: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'opencpm-bench-drivers-'));
  cpSync(drivers, folder, { recursive: true, dereference: true });
  exchange(folder, 'sip-relay.mjs', unregisteredSenders, registeredSenders);
  exchange(folder, 'sip.mjs', contactOfClient, contactOfDevice);
  writeFileSync(join(folder, 'sipp', 'uac-message.xml'), scenario());
  return folder;
}

function exchange(folder: string, driver: string, known: string, wanted: string): void {
  const file = join(folder, driver);
  const text = readFileSync(file, 'utf8');
  if (!text.includes(known)) throw new Error(`${driver} of the drivers is not the one that this bench knows: it lacks ${known}`);
  writeFileSync(
    file,
    text.replace(known, () => wanted),
  );
}

/** In REGISTER. */
const contactOfClient = 'Contact: <sip:$' + '{user}@127.0.0.1:$' + '{contactPort}>;';
const nameOfUser = '$' + '{user}';
const contactOfDevice = `${contactOfClient}+sip.instance="<urn:bench:${nameOfUser}>";`;

/** What a line of the injection file is made from, as the driver has it: sender;recipient;domain. */
const unregisteredSenders = '`alice$' + '{i};bob$' + '{i};$' + '{opt.domain}\\n`';
const registeredSenders = `['message', 'delivered', 'displayed'].map(kind => (kind === 'message' ? 'bob' + (i + 1) % opt.users + ';bob' + i
  : 'bob' + i + ';bob' + (i + 1) % opt.users) + ';' + opt.domain + ';' + kind + '\\n').join('')`;

/** What stands in one request, and in which lines of the injection file it is asked for. */
interface Step {
  readonly kind: 'message' | 'delivered' | 'displayed';
  readonly cpim: readonly string[];
  readonly content: readonly string[];
}

const message: Step = {
  kind: 'message',
  cpim: ['imdn.Message-ID: m[pid]x[call_number]', 'imdn.Disposition-Notification: positive-delivery, display'],
  content: [
    'Content-Type: text/plain; charset=UTF-8',
    '',
    'See you at the station at a quarter past six, bring the tickets and the small red umbrella, ok?!',
  ],
};

function scenario(): string {
  const notifications = [
    notification('delivered', 'delivery', 'm[pid]x[call_number-1]'),
    notification('displayed', 'display', 'm[pid]x[call_number-2]'),
  ];
  const choice = notifications.map(({ kind }) => choiceOf(kind)).join('\n');
  const parts = [choice, ...[message, ...notifications].map(stepText), '<label id="end"/>'];
  return `<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="Messages and their notifications">\n${parts.join('\n')}\n</scenario>\n`;
}

/** Goes to a step when the line of the injection file says so. SIPp compares texts to 0 when they are equal. */
function choiceOf(kind: Step['kind']): string {
  return [
    '<nop><action>',
    '<assignstr assign_to="kind" value="[field3]"/>',
    `<strcmp assign_to="difference" variable="kind" value="${kind}"/>`,
    '<test assign_to="chosen" variable="difference" compare="equal" value="0"/>',
    '</action></nop>',
    `<nop next="${kind}" test="chosen"/>`,
  ].join('\n');
}

function notification(kind: 'delivered' | 'displayed', name: 'delivery' | 'display', messageId: string): Step {
  return {
    kind,
    cpim: [`imdn.Message-ID: ${kind}[pid]x[call_number]`],
    content: [
      'Content-Type: message/imdn+xml',
      'Content-Disposition: notification',
      '',
      '<?xml version="1.0" encoding="UTF-8"?>',
      `<imdn xmlns="urn:ietf:params:xml:ns:imdn"><message-id>${messageId}</message-id><datetime>2024-05-14T10:15:30Z</datetime>`,
      `<${name}-notification><status><${kind}/></status></${name}-notification></imdn>`,
    ],
  };
}

function stepText({ kind, cpim, content }: Step): string {
  const [from, to] = ['<sip:[field0]@[field2]>', '<sip:[field1]@[field2]>'];
  const lines = [
    'MESSAGE sip:[field1]@[field2] SIP/2.0',
    'Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]',
    'Max-Forwards: 70',
    `From: ${from};tag=[pid]u[call_number]`,
    `To: ${to}`,
    'Call-ID: [call_id]',
    'CSeq: 1 MESSAGE',
    'User-Agent: CPM-client/OMA2.2 bench/1.0',
    `P-Preferred-Identity: ${from}`,
    'Accept-Contact: *;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg"',
    'P-Preferred-Service: urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg',
    'Conversation-ID: f81d4fae-7dec-11d0-a765-[field1]',
    'Contribution-ID: 6e3c0b2a-9a51-4d36-8a77-0b6f4d1f[call_number]',
    `Contact: ${from};+sip.instance="<urn:bench:[field0]>"`,
    'Content-Type: message/cpim',
    'Content-Length: [len]',
    '',
    `From: ${from}`,
    `To: ${to}`,
    'DateTime: 2024-05-14T10:15:30.000Z',
    'NS: imdn <urn:ietf:params:imdn>',
    ...cpim,
    '',
    ...content,
  ];
  return [
    `<label id="${kind}"/>`,
    `<send retrans="500" start_rtd="1"><![CDATA[\n\n${lines.join('\n')}\n]]></send>`,
    '<recv response="100" optional="true"/>',
    '<recv response="202" optional="true" rtd="1" next="end"/>',
    '<recv response="200" rtd="1" next="end"/>',
  ].join('\n');
}
