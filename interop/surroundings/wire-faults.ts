import type { WireCapture } from './wire-capture.ts';

/** What Wireshark holds against a frame. */
export interface WireFault {
  readonly frame: string;
  readonly sentByServer: boolean;
  readonly fault: string;
}

export interface WireReport {
  /** SIP messages that were decoded; a report over none says nothing. */
  readonly messages: number;
  /** Messages that Wireshark takes for retransmissions, by who sent them. */
  readonly resent: { readonly byServer: number; readonly byPeers: number };
  readonly faults: readonly WireFault[];
}

/** Severities of Wireshark's expert: chat and note only describe, warnings and errors are faults. */
const warning = '0x00600000';

/** What is more than a note and still no fault of SIP. */
const allowed: readonly { readonly note: RegExp; readonly reason: string }[] = [
  { note: /^(?:TCP|Connection|Previous segment|ACKed segment|Out-Of-Order)/i, reason: 'says how TCP went and nothing of the SIP in it' },
];

/** A 400 has what its request had; one that lacked a header is answered all the same (RFC 4475 §3.3.1). */
const answersIncomplete = 'sip.Status-Code == 400';

const mandatoryHeaders = ['Via', 'From', 'To', 'Call-ID', 'CSeq'];

/** Datagrams and segments of up to four octets are keep-alives (RFC 5626 §3.5.1). */
const noKeepAlive = '(udp.length > 12 || tcp.len > 4)';

/** Octets that TCP sends again are no message a second time, and are not decoded again. */
const noTcpRepetition = ['retransmission', 'fast_retransmission', 'spurious_retransmission']
  .map((kind) => `!tcp.analysis.${kind}`)
  .join(' && ');

/** Everything on the wire of one capture that a foreign reader of SIP finds wrong. */
export async function wireReport(capture: WireCapture, port: number): Promise<WireReport> {
  const sender = ['udp.srcport', 'tcp.srcport'] as const;
  const noted = await capture.select(`sip && _ws.expert.severity >= ${warning}`, 'frame.number', ...sender, '_ws.expert.message');
  const malformed = await capture.select('_ws.malformed && (sip || udp.port || tcp.port)', 'frame.number', ...sender);
  const undecoded = await capture.select(
    `!sip && !icmp && !tcp.reassembled_in && ${noKeepAlive} && ${noTcpRepetition} && (${capture.ports.map(portIs).join(' || ')})`,
    'frame.number',
    ...sender,
  );
  const incomplete = await capture.select(
    `sip && !(${answersIncomplete}) && (${mandatoryHeaders.map((name) => `!sip.${name}`).join(' || ')})`,
    'frame.number',
    ...sender,
  );
  const fault =
    (text: string) =>
    (row: string[]): WireFault =>
      faultOf(row, port, text);
  return {
    messages: (await capture.select('sip', 'frame.number')).length,
    resent: { byServer: await resent(capture, `${sourceIs(port)}`), byPeers: await resent(capture, `!${sourceIs(port)}`) },
    faults: [
      ...noted.flatMap((row) => (isAllowed(row[3] ?? '') ? [] : [faultOf(row, port, row[3] ?? '')])),
      ...malformed.map(fault('malformed')),
      ...undecoded.map(fault('is no SIP')),
      ...incomplete.map(fault(`lacks one of ${mandatoryHeaders.join(', ')}`)),
    ],
  };
}

function isAllowed(notes: string): boolean {
  return notes.split('|').every((note) => allowed.some((one) => one.note.test(note)));
}

function faultOf([frame = '', udpSource = '', tcpSource = '']: readonly string[], port: number, fault: string): WireFault {
  return { frame, sentByServer: [udpSource, tcpSource].includes(String(port)), fault };
}

function portIs(port: number): string {
  return `(udp.port == ${port} || tcp.port == ${port})`;
}

function sourceIs(port: number): string {
  return `(udp.srcport == ${port} || tcp.srcport == ${port})`;
}

async function resent(capture: WireCapture, who: string): Promise<number> {
  return (await capture.select(`sip.resend == 1 && ${who}`, 'frame.number')).length;
}
