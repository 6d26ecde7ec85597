import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DebianProgram } from './debian-packages.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { Program, runProgram } from './program.ts';

export const captureProgram: DebianProgram = { program: 'tshark', debianPackage: 'tshark' };

/** What was on the loopback interface from and to some ports, as foreign programs see it. */
export class WireCapture {
  readonly ports: readonly number[];
  readonly #file: string;
  readonly #markPort: number;
  readonly #dumpcap: Program;
  #marks = 0;

  private constructor(ports: readonly number[], folder: string, markPort: number) {
    this.ports = ports;
    this.#markPort = markPort;
    this.#file = join(folder, 'wire.pcap');
    const filter = [...ports, markPort].map((port) => `port ${port}`).join(' or ');
    this.#dumpcap = new Program('dumpcap', ['-q', '-i', 'lo', '-P', '-B', '64', '-w', this.#file, '-f', filter]);
  }

  /** Resolves when what is sent is captured for certain: a mark that was sent stands in the file. */
  static async start(ports: readonly number[], folder: string): Promise<WireCapture> {
    const capture = new WireCapture(ports, folder, await freePort());
    await capture.#mark();
    return capture;
  }

  /** Resolves when everything that was sent before stands in the file. */
  async stop(): Promise<void> {
    await this.#mark();
    await this.#dumpcap.stop('SIGINT');
  }

  /** Frames lost by the capture itself, of which nothing can be said. */
  get framesLost(): number {
    return Number(/received\/dropped on interface .*: \d+\/(\d+)/.exec(this.#dumpcap.errors)?.[1] ?? 0);
  }

  /** As `select`, while it goes on: of everything that was sent before. */
  async soFar(filter: string, ...fields: readonly string[]): Promise<string[][]> {
    await this.#mark();
    return this.select(filter, ...fields);
  }

  /** The fields of the frames that a display filter of Wireshark selects; several values of one field are joined by `|`. */
  async select(filter: string, ...fields: readonly string[]): Promise<string[][]> {
    const decodeAs = this.ports.flatMap((port) => ['-d', `udp.port==${port},sip`, '-d', `tcp.port==${port},sip`]);
    const wanted = fields.flatMap((field) => ['-e', field]);
    const output = ['-T', 'fields', '-E', 'separator=/t', '-E', 'aggregator=|', ...wanted];
    const { code, output: text, errors } = await runProgram('tshark', ['-n', '-r', this.#file, ...decodeAs, '-Y', filter, ...output]);
    if (code !== 0) throw new Error(`tshark ended with ${code}: ${errors.trim()}`);
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t'));
  }

  /** Sends marked datagrams to a port of our own until the last one is in the file. */
  async #mark(): Promise<void> {
    this.#marks += 1;
    const mark = Buffer.from(`mark ${this.#marks} of ${this.#markPort}`);
    const socket = createSocket('udp4');
    socket.bind(this.#markPort, '127.0.0.1');
    await once(socket, 'listening');
    try {
      await eventually('the capture sees what is sent', () => this.#isCaptured(mark, socket), { seen: () => this.#dumpcap.errors });
    } finally {
      socket.close();
    }
  }

  #isCaptured(mark: Buffer, socket: ReturnType<typeof createSocket>): true | undefined {
    if (!this.#dumpcap.isRunning) throw new Error(`dumpcap ended (may this user capture on loopback?):\n${this.#dumpcap.errors}`);
    if (existsSync(this.#file) && readFileSync(this.#file).includes(mark)) return true;
    socket.send(mark, this.#markPort, '127.0.0.1');
    return undefined;
  }
}
