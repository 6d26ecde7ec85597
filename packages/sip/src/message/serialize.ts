import type { HeaderLine } from './header-line.ts';
import type { SipMessage } from './message.ts';
import { type OctetCodec, toHeaderText } from './octets.ts';
import { sipVersion } from './start-line.ts';

/**
 * The octets of a message. Lines that came from the wire go out byte for byte; Content-Length is set right in its
 * place, or put behind the other headers.
 */
export function serializeMessage(message: SipMessage, codec: OctetCodec): Uint8Array {
  const head = `${startLine(message)}\r\n${headerLines(message)}\r\n`;
  if (codec.join !== undefined) return codec.join(head, message.body);
  return message.body.length === 0 ? codec.encode(head) : joined(codec.encode(head), message.body);
}

function joined(head: Uint8Array, body: Uint8Array): Uint8Array {
  const octets = new Uint8Array(head.length + body.length);
  octets.set(head);
  octets.set(body, head.length);
  return octets;
}

function startLine(message: SipMessage): string {
  if (message.kind === 'response') return toHeaderText(`${sipVersion} ${message.status} ${message.reason}`);
  return toHeaderText(`${message.method} ${message.uri} ${sipVersion}`);
}

/** Every line with its CRLF. Lines that stood behind each other in what was received are copied in one piece. */
function headerLines(message: SipMessage): string {
  const { lines } = message.headers;
  const { length } = message.body;
  let text = '';
  let hasLength = false;
  let index = 0;
  for (let line = lines[index]; line !== undefined; line = lines[index]) {
    if (line.key === 'content-length') {
      if (!hasLength) text += `${contentLengthLine(line, length)}\r\n`;
      hasLength = true;
      index += 1;
    } else {
      const next = endOfRun(lines, index);
      text += `${line.source.slice(line.start, lines[next - 1]?.end)}\r\n`;
      index = next;
    }
  }
  return hasLength ? text : `${text}Content-Length: ${length}\r\n`;
}

/** The index behind the last line that follows the one at `first` in its source without a gap. */
function endOfRun(lines: readonly HeaderLine[], first: number): number {
  let previous = lines[first];
  let index = first + 1;
  for (let line = lines[index]; line !== undefined && previous !== undefined; line = lines[index]) {
    if (line.source !== previous.source || line.start !== previous.end + 2 || line.key === 'content-length') break;
    previous = line;
    index += 1;
  }
  return index;
}

function contentLengthLine(line: HeaderLine, length: number): string {
  return line.value === String(length) ? line.line : `${line.name}: ${length}`;
}
