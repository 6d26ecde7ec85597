import { textAtPath } from '../framework/text-at-path.ts';
import type { World } from '../framework/world.ts';

/** What `opencpm user rule add` takes. */
export interface Rule {
  readonly actions: readonly string[];
  /** Everybody when absent. */
  readonly from?: readonly string[];
  readonly media?: readonly string[];
  readonly forwardTo?: string;
  readonly expired?: 'discard' | 'store';
}

/** Gives a user a rule, as `opencpm user rule add` does; resolves with what takes it away again. */
export async function rule(world: World, name: string, wanted: Rule): Promise<() => Promise<void>> {
  const added = await world.administer(name, 'POST', 'rules', { from: [], others: false, ...wanted });
  const id = textAtPath(added, 'id') ?? '';
  return async () => {
    await world.administer(name, 'DELETE', `rules/${id}`);
  };
}

/** `opencpm user block`; resolves with what takes it back. */
export async function block(world: World, name: string, uri: string): Promise<() => Promise<void>> {
  await world.administer(name, 'POST', 'blocked', { uri });
  return async () => {
    await world.administer(name, 'DELETE', `blocked/${encodeURIComponent(uri)}`);
  };
}

/** `opencpm user device USER INSTANCE --gets`. */
export async function deviceGets(world: World, name: string, device: string, what: 'messages' | 'nothing'): Promise<void> {
  const path = `profiles/${encodeURIComponent(world.facts.get(`${device} instance`) ?? '')}`;
  if (what === 'nothing') await world.administer(name, 'PUT', path, { media: [] });
  else await world.administer(name, 'DELETE', path);
}

/**
 * What `opencpm store list` and `store show` show of a user's message store: how many objects there are, and of each
 * its UID, its whole text and the notifications that the CPIM message in it asks for.
 */
export async function storeOf(world: World, name: string, ready?: (rows: readonly unknown[]) => boolean): Promise<object> {
  const rows = await world.repeat(async () => listOf(await world.administer(name, 'GET', 'store?limit=100')), ready);
  const objects = await Promise.all(
    rows.map(async (row) => {
      const uid = textAtPath(row, 'uid');
      const text = textAtPath(await world.administer(name, 'GET', `store/${uid}`), 'text') ?? '';
      return { uid, text, notifications: /^imdn\.Disposition-Notification: (.*)\r$/m.exec(text)?.[1] };
    }),
  );
  return { ...objects, length: objects.length };
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError('a list is expected');
  return value;
}
