import type { Part } from './property.ts';
import { textAtPath, withTextAtPath } from './text-at-path.ts';
import { cpimHeader, mimeHeader, readCpim, type WireCpim, withCpimHeader, withMimeHeader, writeCpim } from './wire-cpim.ts';
import {
  headerText,
  requestUriOf,
  statusOf,
  type WireMessage,
  withHeader,
  withoutHeader,
  withRequestUri,
  withStatus,
} from './wire-message.ts';

/** What stands there; undefined when the message has no such place. */
export function readPart(message: WireMessage, part: Part): string | undefined {
  switch (part.part) {
    case 'status':
      return statusOf(message)?.toString();
    case 'request-uri':
      return requestUriOf(message);
    case 'header':
      return headerText(message, part.name);
    case 'body':
      return message.body;
    case 'json':
      return textAtPath(jsonOf(message), part.path);
    default:
      return readInside(readCpim(message.body), part);
  }
}

/** The message with another value there; without the place when the value is undefined (status and Request-URI cannot go). */
export function writePart(message: WireMessage, part: Part, value: string | undefined): WireMessage {
  switch (part.part) {
    case 'status':
      return withStatus(message, Number(value ?? 500));
    case 'request-uri':
      return withRequestUri(message, value ?? 'sip:nobody@tampered.invalid');
    case 'header':
      return value === undefined ? withoutHeader(message, part.name) : withHeader(message, part.name, value);
    case 'body':
      return { ...message, body: value ?? '' };
    case 'json':
      return { ...message, body: withTextAtPath(message.body, part.path, value) };
    default: {
      const wrapper = readCpim(message.body);
      return wrapper === undefined ? message : { ...message, body: writeCpim(writeInside(wrapper, part, value)) };
    }
  }
}

export function describePart(part: Part): string {
  switch (part.part) {
    case 'header':
      return part.name;
    case 'cpim':
      return `CPIM ${part.name}`;
    case 'mime':
      return `MIME ${part.name}`;
    case 'json':
      return `JSON ${part.path}`;
    default:
      return part.part;
  }
}

/** Undefined for what is no JSON. */
function jsonOf({ body }: WireMessage): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

type InsidePart = Extract<Part, { part: 'cpim' | 'mime' | 'content' }>;

function readInside(wrapper: WireCpim | undefined, part: InsidePart): string | undefined {
  if (wrapper === undefined) return undefined;
  if (part.part === 'cpim') return cpimHeader(wrapper, part.name);
  if (part.part === 'mime') return mimeHeader(wrapper, part.name);
  return wrapper.content;
}

function writeInside(wrapper: WireCpim, part: InsidePart, value: string | undefined): WireCpim {
  if (part.part === 'cpim') return withCpimHeader(wrapper, part.name, value);
  if (part.part === 'mime') return withMimeHeader(wrapper, part.name, value);
  return { ...wrapper, content: value ?? '' };
}
