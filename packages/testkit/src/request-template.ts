import type { HostPort, TransportName } from '@opencpm/sip';
import { hostPortText } from './network/wire-log.ts';

/** A request to write out. What is left out is filled in rightly; what is given is written as it is, right or wrong. */
export interface RequestTemplate {
  readonly method: string;
  readonly uri: string;
  /** Header values, with or without a tag. */
  readonly from: string;
  readonly to: string;
  readonly fromTag?: string;
  readonly callId?: string;
  readonly sequence?: number;
  readonly branch?: string;
  /** The whole Via value. */
  readonly via?: string;
  readonly maxForwards?: number;
  readonly contact?: string;
  /** Behind the headers above, in this order. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
  /** In octets; `none` leaves the header out. */
  readonly contentLength?: number | 'none';
}

export interface RequestSurroundings {
  readonly local: HostPort;
  readonly transport: TransportName;
  /** Digits that were not given before. */
  unique(): string;
}

export interface RequestNames {
  readonly branch: string;
  readonly callId: string;
  readonly fromTag: string;
}

/** The names of a request: those of the template, new ones where it gives none. */
export function requestNames(template: RequestTemplate, surroundings: RequestSurroundings): RequestNames {
  return {
    branch: template.branch ?? `z9hG4bK${surroundings.unique()}`,
    callId: template.callId ?? `${surroundings.unique()}@${surroundings.local.host}`,
    fromTag: template.fromTag ?? surroundings.unique(),
  };
}

/** The request as text, to be sent in UTF-8. */
export function requestText(template: RequestTemplate, names: RequestNames, surroundings: RequestSurroundings): string {
  const { local, transport } = surroundings;
  const body = template.body ?? '';
  const length = template.contentLength ?? Buffer.byteLength(body, 'utf8');
  const lines = [
    `${template.method} ${template.uri} SIP/2.0`,
    `Via: ${template.via ?? `SIP/2.0/${transport} ${hostPortText(local)};branch=${names.branch};rport`}`,
    `Max-Forwards: ${template.maxForwards ?? 70}`,
    `From: ${tagged(template.from, names.fromTag)}`,
    `To: ${template.to}`,
    `Call-ID: ${names.callId}`,
    `CSeq: ${template.sequence ?? 1} ${template.method}`,
    ...(template.contact === undefined ? [] : [`Contact: ${template.contact}`]),
    ...(template.headers ?? []).map(([name, value]) => `${name}: ${value}`),
    ...(length === 'none' ? [] : [`Content-Length: ${length}`]),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

function tagged(from: string, tag: string): string {
  return from.includes(';tag=') ? from : `${from};tag=${tag}`;
}
