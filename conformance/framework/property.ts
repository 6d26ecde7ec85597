import type { ReportSelector, WireSelector } from './selector.ts';

/** A place in a message that can be read, changed and, some of them, taken out. */
export type Part =
  | { readonly part: 'status' }
  | { readonly part: 'request-uri' }
  | { readonly part: 'header'; readonly name: string }
  /** A header of the CPIM wrapper; `imdn.` and `cpm.` stand for their namespaces. */
  | { readonly part: 'cpim'; readonly name: string }
  /** A header of the MIME entity inside the CPIM wrapper. */
  | { readonly part: 'mime'; readonly name: string }
  /** What the CPIM wrapper carries. */
  | { readonly part: 'content' }
  /** All that follows the headers of the message. */
  | { readonly part: 'body' }
  /** A member of a JSON body, by its path: `messages.0.outcome`. */
  | { readonly part: 'json'; readonly path: string };

/** A text, a fact that the scenario noted, or the same place in another message. */
export type Value = string | { readonly fact: string } | { readonly of: WireSelector; readonly part: Part };

export type Check =
  | { readonly check: 'present' }
  /** `sample` is what the tampering puts there. */
  | { readonly check: 'absent'; readonly sample: string }
  | { readonly check: 'equals'; readonly value: Value }
  | { readonly check: 'differs'; readonly value: Value }
  | { readonly check: 'contains'; readonly value: Value }
  | { readonly check: 'lacks'; readonly value: Value }
  | { readonly check: 'matches'; readonly pattern: RegExp };

export type Property =
  /** Holds for every message that the selector names, and there is one at least. */
  | { readonly kind: 'part'; readonly part: Part; readonly check: Check }
  /** So many distinct messages come. `like` is the earlier message whose copy the tampering sends where none may come. */
  | { readonly kind: 'arrives'; readonly exactly: number; readonly like?: WireSelector }
  /** A program's report has this at `path`; `cause` is the message on the wire that made it say so. */
  | { readonly kind: 'report'; readonly path: string; readonly check: Check; readonly cause: Cause };

export interface Cause {
  readonly message: WireSelector;
  /** What the tampering takes out of it; the whole message is dropped when absent. */
  readonly part?: Part;
  /** What the tampering puts there instead. */
  readonly instead?: string;
}

/** One property of one named message; the ids are met only if it holds. */
export interface Proof {
  readonly ids: readonly string[];
  readonly message: WireSelector | ReportSelector;
  readonly property: Property;
}

interface PartClaims {
  present(): Property;
  absent(sample?: string): Property;
  equals(value: Value): Property;
  differsFrom(value: Value): Property;
  contains(value: Value): Property;
  lacks(value: Value): Property;
  matches(pattern: RegExp): Property;
}

export const status: PartClaims = claims({ part: 'status' });
export const requestUri: PartClaims = claims({ part: 'request-uri' });
export const content: PartClaims = claims({ part: 'content' });
export const body: PartClaims = claims({ part: 'body' });
export const json = (path: string): PartClaims => claims({ part: 'json', path });
export const header = (name: string): PartClaims => claims({ part: 'header', name });
export const cpim = (name: string): PartClaims => claims({ part: 'cpim', name });
export const mime = (name: string): PartClaims => claims({ part: 'mime', name });

export const fact = (name: string): Value => ({ fact: name });

export const headerOf = (of: WireSelector, name: string): Value => ({ of, part: { part: 'header', name } });
export const cpimOf = (of: WireSelector, name: string): Value => ({ of, part: { part: 'cpim', name } });
export const contentOf = (of: WireSelector): Value => ({ of, part: { part: 'content' } });

export const arrives = (exactly = 1): Property => ({ kind: 'arrives', exactly });
export const staysAway = (like: WireSelector): Property => ({ kind: 'arrives', exactly: 0, like });

/** A claim about a program's report: `report('messageUid', cause).equals('17')`. */
export function report(path: string, cause: Cause): PartClaims {
  return claimsBy((check) => ({ kind: 'report', path, check, cause }));
}

/** `proof(['B-8.3.1.1-19'], requestAt('phone', 'MESSAGE'), header('Accept-Contact').contains('…'))`. */
export function proof(ids: readonly string[], message: WireSelector | ReportSelector, property: Property): Proof {
  return { ids, message, property };
}

function claims(part: Part): PartClaims {
  return claimsBy((check) => ({ kind: 'part', part, check }));
}

function claimsBy(property: (check: Check) => Property): PartClaims {
  return {
    present: () => property({ check: 'present' }),
    absent: (sample = 'tampered') => property({ check: 'absent', sample }),
    equals: (value) => property({ check: 'equals', value }),
    differsFrom: (value) => property({ check: 'differs', value }),
    contains: (value) => property({ check: 'contains', value }),
    lacks: (value) => property({ check: 'lacks', value }),
    matches: (pattern) => property({ check: 'matches', pattern }),
  };
}
