import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Capture } from '../../conformance/framework/capture.ts';
import type { Answer } from '../../conformance/framework/sip-socket.ts';
import type { WireMessage } from '../../conformance/framework/wire-message.ts';
import { freePort } from '../../interop/surroundings/free-port.ts';
import { ServerProcess } from '../../interop/surroundings/server-process.ts';
import { runCommandLine } from '../../packages/server/src/command-line/program.ts';
import type { AnswerRow } from '../row.ts';
import { usualConfiguration } from '../table.ts';
import { rowOf } from './names.ts';
import { Participant } from './participant.ts';
import { answerOf } from './peer-answer.ts';
import { SharedCapture } from './shared-capture.ts';

/** Where the server of other.test and the ISF are; it is trusted. */
const trustedHost = '127.0.0.2';

/** What the configuration file says for rows that can share a server. */
export type ServerKey = Pick<AnswerRow, 'configuration'> & { readonly hasIsf: boolean };

/** `opencpm serve` on free ports, with the server of other.test and, when rows have one, an ISF beside it. */
export class AnsweringServer {
  readonly neighbour: Participant;
  readonly #folder: string;
  readonly #server: ServerProcess;
  readonly #isf: Participant;
  readonly #capture: SharedCapture;
  readonly #rows = new Map<string, AnswerRow>();

  private constructor(parts: Parts) {
    this.#folder = parts.folder;
    this.#server = parts.server;
    this.#capture = parts.capture;
    this.neighbour = parts.neighbour;
    this.#isf = parts.isf;
    this.neighbour.script = (request) => this.#scripted(request, ({ neighbour }) => neighbour);
    this.#isf.script = (request) => this.#scripted(request, ({ isf }) => isf);
  }

  static async start(key: ServerKey): Promise<AnsweringServer> {
    const folder = mkdtempSync(join(tmpdir(), 'opencpm-answers-'));
    const port = await freePort();
    const capture = new SharedCapture();
    const peer = (name: string) => Participant.open({ name, host: trustedHost, server: { host: '127.0.0.1', port }, capture });
    const [neighbour, isf] = [await peer('other.test'), await peer('ISF')];
    const server = new ServerProcess(folder, port, await settingsOf(key, neighbour, isf));
    await server.start();
    return new AnsweringServer({ folder, server, capture, neighbour, isf });
  }

  get address(): { readonly host: string; readonly port: number } {
    return { host: this.#server.host, port: this.#server.port };
  }

  /** What servers and the ISF beside this one do for a row from now on; gives the record of the row. */
  enter(row: AnswerRow): Capture {
    this.#rows.set(row.id, row);
    return this.#capture.open(row.id);
  }

  /** Runs `opencpm WORDS --json` in this process, against the administration socket of the server; throws unless it is done. */
  async command(words: readonly string[]): Promise<readonly JsonLine[]> {
    const written: string[] = [];
    const write = (text: string): void => void written.push(text);
    const exitCode = await runCommandLine([...words, '--json'], {
      directory: this.#folder,
      environment: {},
      interrupted: new AbortController().signal,
      writeOut: write,
      writeError: write,
    });
    if (exitCode !== 0) throw new Error(`opencpm ${words.join(' ')}: ${written.join('')}`);
    return linesOf(written.join(''));
  }

  /** The message records (`records.file`) until now. */
  records(): readonly JsonLine[] {
    const file = join(this.#folder, recordsFile);
    return existsSync(file) ? linesOf(readFileSync(file, 'utf8')) : [];
  }

  async stop(): Promise<void> {
    await this.#server.stop();
    this.neighbour.close();
    this.#isf.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #scripted(request: WireMessage, of: (row: AnswerRow) => AnswerRow['isf']): Answer | undefined {
    const row = this.#rows.get(rowOf(`${request.startLine} ${request.headers.map(({ value }) => value).join(' ')}`) ?? '');
    return answerOf((row && of(row)) ?? 200, request);
  }
}

/** What the command line and the message records write. */
type JsonLine = Readonly<Record<string, unknown>>;

interface Parts {
  readonly folder: string;
  readonly server: ServerProcess;
  readonly capture: SharedCapture;
  readonly neighbour: Participant;
  readonly isf: Participant;
}

const recordsFile = 'records.jsonl';

async function settingsOf({ configuration = {}, hasIsf }: ServerKey, neighbour: Participant, isf: Participant) {
  return {
    users: [],
    trustedPeers: [trustedHost],
    policy: { ...usualConfiguration.policy, ...configuration.policy },
    limits: { ...usualConfiguration.limits, ...configuration.limits },
    routes: { 'other.test': uriOf(neighbour), 'dead.test': `sip:127.0.0.1:${await freePort()};transport=tcp` },
    records: { file: `./${recordsFile}` },
    // Clients that are silent would hold up the end.
    drain: '0ms',
    ...(hasIsf ? { isf: uriOf(isf) } : {}),
  };
}

function uriOf({ address }: Participant): string {
  return `sip:${address.host}:${address.port}`;
}

function linesOf(text: string): readonly JsonLine[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): JsonLine => JSON.parse(line));
}
