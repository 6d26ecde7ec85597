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
const warning = 0x00600000;

/** What is more than a note and still no fault of SIP. */
interface AllowedNote {
  readonly note: RegExp;
  /** Allowed in frames alone that have this. */
  readonly having?: 'sip.Content-Encoding';
  readonly reason: string;
}

const allowed: readonly AllowedNote[] = [
  { note: /^(?:TCP|Connection|Previous segment|ACKed segment|Out-Of-Order)/i, reason: 'says how TCP went and nothing of the SIP in it' },
  {
    note: /^Trailing stray characters$/,
    having: 'sip.Content-Encoding',
    reason: 'Wireshark 4.0 reads the body as text together with the header, and the octets of a compressed one are none',
  },
];

const mandatoryHeaders = ['Via', 'From', 'To', 'Call-ID', 'CSeq'] as const;

/** Datagrams and segments of up to four octets are keep-alives (RFC 5626 §3.5.1). */
const noKeepAlive = '(udp.length > 12 || tcp.len > 4)';

/** Octets that TCP sends again are no message a second time, and are not decoded again. */
const noTcpRepetition = ['retransmission', 'fast_retransmission', 'spurious_retransmission']
  .map((kind) => `!tcp.analysis.${kind}`)
  .join(' && ');

const headerFields = mandatoryHeaders.map((name) => `sip.${name}` as const);
const frameFields = ['frame.number', 'udp.srcport', 'tcp.srcport', 'sip', '_ws.malformed'] as const;
const noteFields = ['_ws.expert.severity', '_ws.expert.message', 'sip.resend', 'sip.Status-Code', 'sip.Content-Encoding'] as const;
const fields = [...frameFields, ...noteFields, ...headerFields];

/** What Wireshark says of a frame; an empty text where it says nothing. */
type Frame = (field: (typeof fields)[number]) => string;

/** Everything on the wire of one capture that a foreign reader of SIP finds wrong; read in one go, because each costs its start. */
export async function wireReport(capture: WireCapture, port: number): Promise<WireReport> {
  const undecoded = `!sip && !icmp && !tcp.reassembled_in && ${noKeepAlive} && ${noTcpRepetition} && (${capture.ports.map(portIs).join(' || ')})`;
  const rows = await capture.select(`sip || (_ws.malformed && (udp.port || tcp.port)) || (${undecoded})`, ...fields);
  const frames = rows.map(
    (row): Frame =>
      (field) =>
        row[fields.indexOf(field)] ?? '',
  );
  const resent = frames.filter((frame) =>
    frame('sip.resend')
      .split('|')
      .some((value) => ['1', 'True'].includes(value)),
  );
  const byServer = resent.filter((frame) => isSentBy(port, frame)).length;
  return {
    messages: frames.filter((frame) => frame('sip') !== '').length,
    resent: { byServer, byPeers: resent.length - byServer },
    faults: frames.flatMap((frame) => {
      return faultsOf(frame).map((fault) => ({ frame: frame('frame.number'), sentByServer: isSentBy(port, frame), fault }));
    }),
  };
}

function faultsOf(frame: Frame): readonly string[] {
  const faults: string[] = [];
  const notes = frame('_ws.expert.message');
  if (frame('sip') !== '' && frame('_ws.expert.severity').split('|').some(isFault) && !isAllowed(notes, frame)) faults.push(notes);
  if (frame('_ws.malformed') !== '') faults.push('malformed');
  else if (frame('sip') === '') faults.push('is no SIP');
  else if (lacksHeader(frame)) faults.push(`lacks one of ${mandatoryHeaders.join(', ')}`);
  return faults;
}

function isFault(severity: string): boolean {
  return Number(severity) >= warning;
}

function isAllowed(notes: string, frame: Frame): boolean {
  const here = allowed.filter(({ having }) => having === undefined || frame(having) !== '');
  return notes.split('|').every((note) => here.some((one) => one.note.test(note)));
}

/** A 400 has what its request had; one that lacked a header is answered all the same (RFC 4475 §3.3.1). */
function lacksHeader(frame: Frame): boolean {
  return !frame('sip.Status-Code').split('|').includes('400') && headerFields.some((field) => frame(field) === '');
}

function isSentBy(port: number, frame: Frame): boolean {
  return [frame('udp.srcport'), frame('tcp.srcport')].includes(String(port));
}

function portIs(port: number): string {
  return `(udp.port == ${port} || tcp.port == ${port})`;
}
