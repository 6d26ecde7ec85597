import { type Change, maxToldOctets } from '@opencpm/storage';
import { z } from 'zod';

/** What nodes tell each other; no message, no header of one, nothing that must arrive. */
export type Told =
  | Change
  /** Whoever has that client pushes to it. */
  | { readonly kind: 'push'; readonly owner: string; readonly client: string; readonly occasion: 'timer' | 'heard' | 'registration' }
  /** `registration`: as `registrationName` has it. */
  | { readonly kind: 'reach'; readonly owner: string; readonly registration: string; readonly unreachable: boolean }
  /** A node came or went, or others have its clients: the leases tell. */
  | { readonly kind: 'nodes' }
  /** Who tells this may have told something before that nobody heard. */
  | { readonly kind: 'everything' };

const owned = { owner: z.string() };

const told = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['user', 'bindings', 'preferences']), ...owned }),
  z.object({ kind: z.literal('queue'), ...owned, key: z.string().exactOptional(), until: z.number().exactOptional() }),
  z.object({ kind: z.literal('push'), ...owned, client: z.string(), occasion: z.enum(['timer', 'heard', 'registration']) }),
  z.object({ kind: z.literal('reach'), ...owned, registration: z.string(), unreachable: z.boolean() }),
  z.object({ kind: z.enum(['nodes', 'everything']) }),
]);

/** What one text says; what a newer node says that this one does not know is left out. */
export function readTold(text: string): readonly Told[] {
  const list = z.array(z.unknown()).safeParse(parsed(text));
  if (!list.success) return [];
  return list.data.flatMap((item): Told[] => {
    const read = told.safeParse(item);
    return read.success ? [read.data] : [];
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** As texts that the feed takes, in order. What is too long by itself is said without what can be left out. */
export function writeTold(all: readonly Told[]): readonly string[] {
  const texts: string[] = [];
  let items: string[] = [];
  let octets = 2;
  const flush = () => {
    if (items.length > 0) texts.push(`[${items.join(',')}]`);
    items = [];
    octets = 2;
  };
  for (const one of all) {
    const item = itemOf(one);
    const length = Buffer.byteLength(item) + 1;
    if (octets + length > maxToldOctets) flush();
    items.push(item);
    octets += length;
  }
  flush();
  return texts;
}

/** Client names and duplicate keys are a peer's texts of some length. */
const longestItem = maxToldOctets - 8;

function itemOf(one: Told): string {
  const item = JSON.stringify(one);
  if (Buffer.byteLength(item) <= longestItem) return item;
  if (one.kind === 'queue') return JSON.stringify({ kind: 'queue', owner: one.owner });
  return JSON.stringify({ kind: 'everything' });
}
