import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DebianProgram } from '../surroundings/debian-packages.ts';
import { eventually } from '../surroundings/eventually.ts';
import { Program } from '../surroundings/program.ts';
import { type Account, domain } from '../surroundings/server-process.ts';

export const linphoneProgram: DebianProgram = { program: 'linphonec', debianPackage: 'linphone-cli' };

export interface LinphoneOptions {
  /** Its home: everything that it keeps goes there. */
  readonly folder: string;
  readonly account: Account;
  readonly localPort: number;
  /** Of the server, or of a proxy in front of it. */
  readonly serverPort: number;
  /** UDP when left out. */
  readonly transport?: 'udp' | 'tcp';
}

/** linphone without a screen and without sound: `linphonec`, driven by the commands that a person would type. */
export class Linphone {
  readonly #program: Program;

  /** Starts it; it registers by itself with what its configuration says. */
  constructor(options: LinphoneOptions) {
    const { folder } = options;
    for (const place of ['.local/share/linphone', '.config/linphone']) mkdirSync(join(folder, place), { recursive: true });
    const file = join(folder, 'linphonerc');
    writeFileSync(file, configuration(options), { mode: 0o600 });
    this.#program = new Program('linphonec', ['-c', file], { folder, environment: { HOME: folder } });
  }

  /** Resolves when it says itself that it is registered. It is asked again whenever it has answered otherwise. */
  async registered(): Promise<void> {
    let asked = 0;
    await this.#says('its registration', (output) => {
      if (/^(?:linphonec> )?registered, identity=/m.test(output)) return true;
      if (asked === (output.match(/^(?:linphonec> )?registered=/gm) ?? []).length) {
        asked += 1;
        this.#program.writeLine('status register');
      }
      return undefined;
    });
  }

  send(to: string, text: string): void {
    this.#program.writeLine(`chat ${to} ${text}`);
  }

  /** Resolves when it shows that text from that sender to its user. */
  async shows(from: string, text: string): Promise<void> {
    const line = `Message received from ${from}: ${text}`;
    await this.#says(`"${text}" from ${from}`, (output) => (output.includes(line) ? true : undefined));
  }

  async quit(): Promise<void> {
    this.#program.writeLine('quit');
    await this.#program.stop();
  }

  async #says(what: string, look: (output: string) => true | undefined): Promise<void> {
    const program = this.#program;
    await eventually(
      `linphone shows ${what}`,
      () => {
        if (!program.isRunning) throw new Error(`linphone ended:\n${program.output}${program.errors}`);
        return look(program.output);
      },
      { seen: () => program.output },
    );
  }
}

/** Its own ports for sound and pictures are never opened without a call. */
function configuration({ account, localPort, serverPort, transport = 'udp' }: LinphoneOptions): string {
  const server = `<sip:127.0.0.1:${serverPort};transport=${transport};lr>`;
  return `[sip]
sip_port=${transport === 'udp' ? localPort : 0}
sip_tcp_port=${transport === 'tcp' ? localPort : 0}
sip_tls_port=0
use_ipv6=0
default_proxy=0
guess_hostname=0
contact=sip:${account.user}@127.0.0.1

[proxy_0]
reg_proxy=${server}
reg_route=${server}
reg_identity=sip:${account.user}@${domain}
reg_expires=600
reg_sendregister=1
publish=0

[auth_info_0]
username=${account.user}
passwd=${account.password}
realm=${domain}
domain=${domain}

[video]
enabled=0
`;
}
