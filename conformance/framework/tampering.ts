import { describePart, readPart, writePart } from './part.ts';
import type { Check, Part, Proof, Property, Value } from './property.ts';
import { describeSelector, type WireSelector } from './selector.ts';
import { type RunRecord, resolveValue } from './verdict.ts';
import { type WireMessage, withHeader } from './wire-message.ts';

/** How a relay breaks one proved property. It is derived from the property; nobody writes one by hand. */
export type Tampering =
  | { readonly kind: 'edit'; readonly message: WireSelector; readonly part: Part; readonly edit: Edit }
  | { readonly kind: 'drop'; readonly message: WireSelector }
  | { readonly kind: 'double'; readonly message: WireSelector }
  /** Sends a copy of `like` to the peer when the phase begins (or, without a phase, as soon as `like` has passed). */
  | { readonly kind: 'inject'; readonly message: WireSelector; readonly like: WireSelector };

export type Edit =
  | { readonly edit: 'remove' }
  | { readonly edit: 'set'; readonly to: Value }
  | { readonly edit: 'append'; readonly text: Value }
  | { readonly edit: 'replace'; readonly text: Value };

const foreign = 'tampered';

/** Every way in which the property of this proof is broken, at least one. */
export function tamperingsOf(proof: Proof): readonly Tampering[] {
  const { message, property } = proof;
  if (message.kind === 'report') return property.kind === 'report' ? [tamperingOfCause(property)] : [];
  if (property.kind === 'arrives') return tamperingsOfArrival(message, property);
  if (property.kind === 'report') return [];
  return editsAgainst(property.part, property.check).map((edit) => ({ kind: 'edit', message, part: property.part, edit }));
}

export function describeTampering(tampering: Tampering): string {
  if (tampering.kind !== 'edit') return `${tampering.kind} ${describeSelector(tampering.message)}`;
  return `${tampering.edit.edit} ${describePart(tampering.part)} of ${describeSelector(tampering.message)}`;
}

/** The message with the part broken; undefined when there is nothing to break (yet). */
export function applyEdit(message: WireMessage, part: Part, edit: Edit, record: RunRecord): WireMessage | undefined {
  const value = readPart(message, part);
  if (edit.edit === 'remove') return value === undefined ? undefined : writePart(message, part, undefined);
  const text = resolveValue(edit.edit === 'set' ? edit.to : edit.text, record);
  if (text === undefined) return undefined;
  if (edit.edit === 'set') return writePart(message, part, text);
  if (edit.edit === 'append') return writePart(message, part, `${value ?? ''}${text}`);
  return value?.includes(text) === true ? writePart(message, part, value.replaceAll(text, foreign)) : undefined;
}

/** A copy that no transaction layer takes for a retransmission. */
export function asNewRequest(message: WireMessage, number: number): WireMessage {
  const via = readPart(message, { part: 'header', name: 'Via' }) ?? '';
  const renamed = withHeader(message, 'Via', via.replace(/branch=[^;,]*/, `branch=z9hG4bK${foreign}${number}`));
  return withHeader(renamed, 'Call-ID', `${foreign}${number}@relay.invalid`);
}

function tamperingOfCause({ cause }: Extract<Property, { kind: 'report' }>): Tampering {
  if (cause.part === undefined) return { kind: 'drop', message: cause.message };
  const edit: Edit = cause.instead === undefined ? { edit: 'remove' } : { edit: 'set', to: cause.instead };
  return { kind: 'edit', message: cause.message, part: cause.part, edit };
}

function tamperingsOfArrival(message: WireSelector, { exactly, like }: Extract<Property, { kind: 'arrives' }>): readonly Tampering[] {
  if (exactly > 0) return [{ kind: 'drop', message }, ...(message.kind === 'request' ? [{ kind: 'double', message } as const] : [])];
  return like === undefined ? [] : [{ kind: 'inject', message, like }];
}

function editsAgainst(part: Part, check: Check): readonly Edit[] {
  switch (check.check) {
    case 'present':
      return [{ edit: 'remove' }];
    case 'absent':
      return [{ edit: 'set', to: check.sample }];
    case 'equals':
      return [...removals(part), { edit: 'set', to: otherValueOf(part) }];
    case 'differs':
      return [{ edit: 'set', to: check.value }];
    case 'contains':
      return [...removals(part), { edit: 'replace', text: check.value }];
    case 'lacks':
      return [{ edit: 'append', text: check.value }];
    case 'matches':
      return [...removals(part), { edit: 'set', to: otherValueOf(part) }];
  }
}

function removals(part: Part): readonly Edit[] {
  return part.part === 'status' || part.part === 'request-uri' ? [] : [{ edit: 'remove' }];
}

/** No property proved by this suite asks for this status (RFC 3261 §21.4.17), URI or text. */
function otherValueOf(part: Part): string {
  if (part.part === 'status') return '482';
  return part.part === 'request-uri' ? 'sip:nobody@tampered.invalid' : foreign;
}
