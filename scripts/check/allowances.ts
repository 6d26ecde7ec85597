import type { Finding } from './finding.ts';

/**
 * What the rules let pass, each with its reason. An entry that no longer saves anything is itself a finding, so that
 * the list can only shrink by itself and grows only by somebody's hand.
 */
export interface Allowances {
  /** Functions above the line limit: `path#name`. Only tables and exhaustive switches belong here. */
  readonly longFunctions: Readonly<Record<string, string>>;
  /** Files above the line limit: tables only. */
  readonly longFiles: Readonly<Record<string, string>>;
  /** Files whose casts need no comment each, because one reason holds for all of them. */
  readonly casts: Readonly<Record<string, string>>;
  /** Files that may write to the console. */
  readonly console: Readonly<Record<string, string>>;
  /** Files that name what the leftover rules look for. */
  readonly leftovers: Readonly<Record<string, string>>;
}

export const allowances: Allowances = {
  longFunctions: {},
  longFiles: {},
  casts: {},
  console: {},
  leftovers: {
    'scripts/check/leftovers.ts': 'the list of what is searched',
    'scripts/check/leftovers.test.ts': 'its planted cases',
  },
};

const home = 'scripts/check/allowances.ts';

/** Notes which allowances were needed during one run of the check. */
export class AllowanceUse {
  private readonly table: Allowances;
  private readonly used = new Set<string>();

  constructor(table: Allowances) {
    this.table = table;
  }

  permits(kind: keyof Allowances, key: string): boolean {
    if (!Object.hasOwn(this.table[kind], key)) return false;
    this.used.add(`${kind} ${key}`);
    return true;
  }

  unneeded(): Finding[] {
    const kinds = ['longFunctions', 'longFiles', 'casts', 'console', 'leftovers'] as const satisfies (keyof Allowances)[];
    return kinds.flatMap((kind) =>
      Object.keys(this.table[kind])
        .filter((key) => !this.used.has(`${kind} ${key}`))
        .map((key) => ({ file: home, line: 1, rule: 'allowance', message: `"${key}" under ${kind} is not needed any more; delete it` })),
    );
  }
}
