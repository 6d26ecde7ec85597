import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DebianProgram } from '../surroundings/debian-packages.ts';
import { eventually } from '../surroundings/eventually.ts';
import { Program } from '../surroundings/program.ts';
import { domain } from '../surroundings/server-process.ts';
import { SipSocket } from '../surroundings/sip-socket.ts';
import { statusOf } from '../surroundings/sip-text.ts';

export const kamailioProgram: DebianProgram = { program: 'kamailio', debianPackage: 'kamailio' };

export interface KamailioOptions {
  /** Its configuration and its runtime files go there. */
  readonly folder: string;
  /** Where clients find it, over UDP and TCP. */
  readonly port: number;
  readonly serverPort: number;
  /** How it reaches the server. */
  readonly serverTransport: 'udp' | 'tcp';
}

/** Kamailio as an edge proxy in front of the server (kamailio/edge.cfg). */
export class Kamailio {
  readonly port: number;
  readonly #parameters: readonly string[];
  #program: Program | undefined;

  constructor({ folder, port, serverPort, serverTransport }: KamailioOptions) {
    this.port = port;
    const values = { EDGE_PORT: port, SERVER_PORT: serverPort, SERVER_TRANSPORT: serverTransport, DOMAIN: domain };
    const file = join(folder, 'edge.cfg');
    writeFileSync(file, filledIn(readFileSync(fileURLToPath(new URL('kamailio/edge.cfg', import.meta.url)), 'utf8'), values));
    mkdirSync(join(folder, 'run'));
    // In the foreground and with little memory; its children end with it.
    this.#parameters = ['-f', file, '-DD', '-E', '-Y', join(folder, 'run'), '-w', folder, '-m', '32', '-M', '4'];
  }

  /** Resolves when requests go through it to the server. */
  async start(): Promise<this> {
    const program = new Program('kamailio', this.#parameters);
    this.#program = program;
    await eventually(
      `Kamailio listens on ${this.port}`,
      () => {
        if (!program.isRunning) throw new Error(`Kamailio ended:\n${program.output}${program.errors}`);
        return listensOn(this.port);
      },
      { seen: () => program.errors },
    );
    await this.#bringsToServer();
    return this;
  }

  async stop(): Promise<void> {
    await this.#program?.stop();
    await eventually(`nothing listens on ${this.port}`, () => (listensOn(this.port) ? undefined : true));
  }

  get log(): string {
    return this.#program?.errors ?? '';
  }

  /** Its listeners are there before the processes that read from them. */
  async #bringsToServer(): Promise<void> {
    const socket = await SipSocket.open({ host: '127.0.0.1', port: this.port });
    try {
      const uri = `sip:${domain}`;
      const answer = await socket.request({ method: 'OPTIONS', uri, from: uri, to: uri });
      if (statusOf(answer) !== 200) throw new Error(`OPTIONS through Kamailio: ${answer}`);
    } finally {
      socket.close();
    }
  }
}

function filledIn(text: string, values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values).reduce((filled, [name, value]) => filled.replaceAll(name, String(value)), text);
}

/** UDP and TCP, of whatever process. */
function listensOn(port: number): true | undefined {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const listening = ['udp', 'tcp'].every((transport) => {
    const sockets = readFileSync(`/proc/net/${transport}`, 'latin1').split('\n');
    return sockets.some((line) => line.includes(`${local} 00000000:0000`));
  });
  return listening ? true : undefined;
}
