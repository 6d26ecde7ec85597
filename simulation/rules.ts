import assert from 'node:assert/strict';
import type { Administration, AdministrationResult, NewRule } from '@opencpm/server';
import type { SipRequest, SipResponse } from '@opencpm/sip';
import type { World } from './world.ts';

/** Asks the operator's administration of the running server; whatever is asked is done. */
export async function asks<T>(world: World, ask: (administration: Administration) => Promise<AdministrationResult<T>>): Promise<T> {
  const result = await world.run(ask(world.server.server.administration));
  assert.ok(result.kind === 'done', JSON.stringify(result));
  return result.value;
}

/** Gives a user a rule as `opencpm user rule add` does; resolves with its id. */
export async function adds(world: World, user: string, rule: Partial<NewRule>): Promise<string> {
  const { id } = await asks(world, ({ preferences }) => preferences.addRule(user, { actions: [], from: [], others: false, ...rule }));
  return id;
}

export async function removes(world: World, user: string, id: string): Promise<void> {
  await asks(world, ({ preferences }) => preferences.removeRule(user, id));
}

/** Status and Warning of an answer. */
export function verdict(response: SipResponse): readonly [number, string | undefined] {
  return [response.status, response.headers.text('Warning')];
}

/** The values of a CPIM header in what a phone got. */
export function cpimHeader(request: SipRequest, name: string): readonly string[] {
  const head = new TextDecoder().decode(request.body).split('\r\n\r\n')[0] ?? '';
  const values = head.split('\r\n').filter((line) => line.startsWith(`${name}: `));
  return values.map((line) => line.slice(name.length + 2));
}
