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
  const { body } = message;
  if (body.length === 0) return codec.encode(head);
  const octets = new Uint8Array(head.length + body.length);
  if (codec.encodeInto === undefined) octets.set(codec.encode(head));
  else codec.encodeInto(head, octets, 0);
  octets.set(body, head.length);
  return octets;
}

function startLine(message: SipMessage): string {
  if (message.kind === 'response') return toHeaderText(`${sipVersion} ${message.status} ${message.reason}`);
  return toHeaderText(`${message.method} ${message.uri} ${sipVersion}`);
}

function headerLines(message: SipMessage): string {
  let text = '';
  let hasLength = false;
  for (const line of message.headers.lines) {
    if (line.key !== 'content-length') text += `${line.line}\r\n`;
    else if (!hasLength) {
      text += `${contentLengthLine(line, message.body.length)}\r\n`;
      hasLength = true;
    }
  }
  return hasLength ? text : `${text}Content-Length: ${message.body.length}\r\n`;
}

function contentLengthLine(line: HeaderLine, length: number): string {
  return line.value === String(length) ? line.line : `${line.name}: ${length}`;
}
