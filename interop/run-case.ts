import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CaseSurroundings, InteropCase } from './case.ts';
import { freePort } from './surroundings/free-port.ts';
import { ServerProcess } from './surroundings/server-process.ts';
import { WireCapture } from './surroundings/wire-capture.ts';
import { type WireReport, wireReport } from './surroundings/wire-faults.ts';

export interface Verdict {
  readonly name: string;
  /** Left out when it passed. */
  readonly failure?: string;
  readonly notes: readonly string[];
}

/** Faults shown of one capture; many are usually the same one. */
const shownFaults = 8;

/** Runs a case while its wire is captured, and gives two verdicts: what it saw itself, and what Wireshark says of it. */
export async function runCase(one: InteropCase): Promise<readonly [Verdict, Verdict]> {
  const folder = mkdtempSync(join(tmpdir(), 'opencpm-interop-'));
  try {
    const [port, edgePort] = [await freePort(), await freePort()];
    const capture = await WireCapture.start([port, edgePort], folder);
    const own = await runInside(one, { folder, port, edgePort, capture });
    await capture.stop();
    return [own, await verdictOfWire(one, capture, port)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface CasePlace extends Pick<CaseSurroundings, 'port' | 'edgePort'> {
  readonly folder: string;
  readonly capture: WireCapture;
}

async function runInside(one: InteropCase, place: CasePlace): Promise<Verdict> {
  const undoing: (() => Promise<unknown>)[] = [];
  const notes: string[] = [];
  const surroundings = surroundingsIn(place, { undoing, notes });
  const failures: string[] = [];
  try {
    await one.run(surroundings);
  } catch (error) {
    failures.push(reasonOf(error));
  }
  for (const undo of undoing.reverse()) {
    try {
      await undo();
    } catch (error) {
      failures.push(reasonOf(error));
    }
  }
  return one.knownFailure === undefined ? verdict(one.name, failures, notes) : verdictOfKnown(one.name, one.knownFailure, failures);
}

/** A case that is known to fail passes by failing; when it works, its entry must go. */
function verdictOfKnown(name: string, reason: string, failures: readonly string[]): Verdict {
  if (failures.length > 0) return verdict(name, [], [`known to fail: ${reason}`]);
  return verdict(name, [`works, and is listed as known to fail: ${reason}`], []);
}

interface Kept {
  readonly undoing: (() => Promise<unknown>)[];
  readonly notes: string[];
}

function surroundingsIn({ folder, port, edgePort, capture }: CasePlace, { undoing, notes }: Kept): CaseSurroundings {
  const subfolder = (name: string): string => {
    const path = join(folder, name);
    mkdirSync(path);
    return path;
  };
  return {
    port,
    edgePort,
    folder: subfolder,
    startServer: async (settings) => {
      const server = new ServerProcess(subfolder('server'), port, settings);
      undoing.push(() => endServer(server));
      return server.start();
    },
    captured: (filter, ...fields) => capture.soFar(filter, ...fields),
    after: (undo) => void undoing.push(undo),
    note: (text) => void notes.push(text),
  };
}

/** A server that dies, or that writes of a fault of its own, fails every case. */
async function endServer(server: ServerProcess): Promise<void> {
  const died = !server.isRunning;
  const { code, errors } = await server.stop();
  if (died) throw new Error(`the server had ended by itself (${code}):\n${errors}`);
  if (code !== 0) throw new Error(`the server did not end well on SIGTERM (${code}):\n${errors}`);
  const fault = errors.split('\n').find((line) => line.includes('A fault of this program'));
  if (fault !== undefined) throw new Error(`the server's log: ${fault}`);
}

async function verdictOfWire(one: InteropCase, capture: WireCapture, port: number): Promise<Verdict> {
  const name = `${one.name}: no malformed SIP on the wire`;
  const report = await wireReport(capture, port);
  const held = report.faults.filter(({ sentByServer }) => sentByServer || one.sendsGarbage !== true);
  const failures = held.slice(0, shownFaults).map(({ frame, sentByServer, fault }) => {
    return `frame ${frame} from the ${sentByServer ? 'server' : 'peer'}: ${fault}`;
  });
  if (held.length > shownFaults) failures.push(`and ${held.length - shownFaults} more`);
  if (report.messages === 0) failures.push('no SIP message was captured');
  return verdict(name, failures, wireNotes(report, capture.framesLost));
}

function wireNotes({ messages, resent }: WireReport, lost: number): string[] {
  const counts = `${messages} SIP messages, sent again by the server ${resent.byServer}, by the peers ${resent.byPeers}`;
  return lost === 0 ? [counts] : [counts, `the capture missed ${lost} frames`];
}

function verdict(name: string, failures: readonly string[], notes: readonly string[]): Verdict {
  return failures.length === 0 ? { name, notes } : { name, notes, failure: failures.join('\n') };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
