import type { Administration } from '@opencpm/server';
import { domain, type World } from '../world.ts';
import { asked } from './asked.ts';
import type { PlannedRule, UserName } from './plan.ts';

const aliceUri = `sip:alice@${domain}`;

interface HeldRule {
  readonly until: number;
  readonly remove: (administration: Administration) => Promise<unknown>;
}

/** The rules of a day's users, each for its time. */
export class DayRules {
  readonly #world: World;
  readonly #held: HeldRule[] = [];
  readonly #forwards: { user: UserName; to: UserName }[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** To whom messages of a user were forwarded at some time of the day. */
  get forwards(): readonly { readonly user: UserName; readonly to: UserName }[] {
    return this.#forwards;
  }

  async add(user: UserName, rule: PlannedRule, milliseconds: number): Promise<void> {
    const { server, clock } = this.#world;
    if (!server.isUp) return;
    const until = clock.now() + milliseconds;
    if (rule === 'block') {
      await asked(this.#world, ({ preferences }) => preferences.block(user, aliceUri));
      this.#held.push({ until, remove: ({ preferences }) => preferences.unblock(user, aliceUri) });
      return;
    }
    const to = user === 'carol' ? 'bob' : 'carol';
    if (rule === 'forward') this.#forwards.push({ user, to });
    const forwarding = rule === 'forward' ? { forwardTo: `sip:${to}@${domain}` } : {};
    const added = await asked(this.#world, ({ preferences }) => {
      return preferences.addRule(user, { actions: [rule], from: [], others: false, ...forwarding });
    });
    if (added?.kind !== 'done') return;
    this.#held.push({ until, remove: ({ preferences }) => preferences.removeRule(user, added.value.id) });
  }

  /** Takes those back whose time is over. */
  async end(now: number): Promise<void> {
    for (const rule of this.#held.filter(({ until }) => until <= now)) {
      if (!this.#world.server.isUp) return;
      await asked(this.#world, rule.remove);
      this.#held.splice(this.#held.indexOf(rule), 1);
    }
  }
}
