import type { AnswerRow, Configuration } from '../row.ts';
import { sharedConfigurations } from '../table.ts';
import { AnsweringServer, type ServerKey } from './answering-server.ts';
import { type Reproduction, reproduceRow } from './reproduce-row.ts';

const serversAtATime = 2;
/** Most of the time of a row is waiting. */
const rowsAtATime = 8;

/** Plays all rows, those with the same configuration on one server, and tells of each as soon as it has ended. */
export async function reproduceRows(rows: readonly AnswerRow[], told: (reproduction: Reproduction) => void): Promise<void> {
  await eachOf(byServer(rows), serversAtATime, async ({ key, together }) => {
    const server = await AnsweringServer.start(key);
    try {
      await eachOf(together, rowsAtATime, async (row) => told(await reproduceRow(row, server)));
    } finally {
      await server.stop();
    }
  });
}

interface Group {
  readonly key: ServerKey;
  readonly together: AnswerRow[];
}

function byServer(rows: readonly AnswerRow[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const row of rows) {
    const key = keyOf(row, rows.length > 1);
    const group = groups.get(JSON.stringify(key)) ?? { key, together: [] };
    group.together.push(row);
    groups.set(JSON.stringify(key), group);
  }
  return [...groups.values()];
}

function keyOf({ configuration, isf }: AnswerRow, mayShare: boolean): ServerKey {
  if (configuration === undefined) return { configuration: {}, hasIsf: isf !== undefined };
  const shared = mayShare && isf === undefined ? sharedConfigurations.find((whole) => isPartOf(configuration, whole)) : undefined;
  return { configuration: shared ?? configuration, hasIsf: isf !== undefined };
}

function isPartOf({ policy = {}, limits = {} }: Configuration, whole: Configuration): boolean {
  const isThere = (part: object, of: object = {}): boolean => {
    const members = new Map(Object.entries(of));
    return Object.entries(part).every(([key, value]) => members.get(key) === value);
  };
  return isThere(policy, whole.policy) && isThere(limits, whole.limits);
}

async function eachOf<T>(items: readonly T[], atATime: number, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const workThrough = async (): Promise<void> => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: atATime }, workThrough));
}
