import type { WireCapture } from '../../conformance/framework/capture.ts';
import { eventually } from '../../interop/surroundings/eventually.ts';
import { type Description, describe } from '../describe.ts';
import type { AnswerRow } from '../row.ts';
import type { AnsweringServer } from './answering-server.ts';
import { observe } from './observe.ts';
import { Scene } from './scene.ts';
import { send } from './send.ts';

/** What was seen of one row on a running server. */
export interface Reproduction {
  readonly row: AnswerRow;
  readonly expected: Description;
  /** Left out when the row could not be played to its end; then `problem` is there. */
  readonly seen?: Description;
  readonly problem?: string;
  readonly commands: readonly (readonly string[])[];
  readonly wire: readonly WireCapture[];
}

/** How long what is expected after the answer may take: a notification, an expiry, a push, a late client. */
const patienceMilliseconds = 12_000;

export function isReproduced({ expected, seen }: Reproduction): boolean {
  return seen !== undefined && isSame(expected, seen);
}

export async function reproduceRow(row: AnswerRow, server: AnsweringServer): Promise<Reproduction> {
  const expected = describe(row.expected);
  let scene: Scene | undefined;
  try {
    scene = await Scene.open(row, server);
    const seen = await play(scene, expected);
    return { row, expected, seen, commands: scene.commands, wire: wireOf(scene) };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { row, expected, problem, commands: scene?.commands ?? [], wire: scene === undefined ? [] : wireOf(scene) };
  } finally {
    scene?.close();
  }
}

/** What is expected may take its time; what is not expected has had a round trip more to show itself. */
async function play(scene: Scene, expected: Description): Promise<Description> {
  const answer = await send(scene);
  await scene.goOn();
  const look = async (): Promise<Description> => describe(await observe(scene, answer));
  let last = await look();
  const matches = async (): Promise<true | undefined> => {
    last = await look();
    return isSame(last, expected) ? true : undefined;
  };
  await eventually('what the row expects', matches, { withinMilliseconds: patienceMilliseconds }).catch(() => undefined);
  await scene.fence();
  return look();
}

function isSame(one: Description, other: Description): boolean {
  return one.answer === other.answer && one.kept === other.kept && one.notification === other.notification;
}

function wireOf({ capture }: Scene): readonly WireCapture[] {
  return capture.all.filter((captured) => captured.kind === 'wire');
}
