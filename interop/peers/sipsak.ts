import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DebianProgram } from '../surroundings/debian-packages.ts';
import { type Ending, runProgram } from '../surroundings/program.ts';
import type { Account } from '../surroundings/server-process.ts';

export const sipsakProgram: DebianProgram = { program: 'sipsak', debianPackage: 'sipsak' };

/** A domain that it can resolve: it does so even when it is told where to send. */
export const sipsakDomain = 'localhost';

/** sipsak, the tool that administrators ask a SIP server with from a shell. It knows MD5 only, and only in the first challenge. */
export class Sipsak {
  readonly #folder: string;
  readonly #port: number;

  constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  /** OPTIONS, of the server or of a user. */
  options(to: string, ...words: readonly string[]): Promise<Ending> {
    return this.run('-vv', '-s', to, ...words);
  }

  register({ user, password }: Account, contact: string): Promise<Ending> {
    return this.run('-U', '-vv', '-s', addressAtSipsak(user), '-u', user, '-a', password, '-C', contact, '-x', '600');
  }

  /** From a file: its own `-M` is another matter. */
  send({ user, password }: Account, recipient: string, text: string): Promise<Ending> {
    const file = join(this.#folder, 'message.sip');
    writeFileSync(file, messageText(user, text));
    return this.run('-f', file, '-G', '-vv', '-s', addressAtSipsak(recipient), '-u', user, '-a', password);
  }

  run(...words: readonly string[]): Promise<Ending> {
    return runProgram('sipsak', ['-r', String(this.#port), '-H', '127.0.0.1', ...words], { folder: this.#folder });
  }
}

export function addressAtSipsak(user: string): string {
  return `sip:${user}@${sipsakDomain}`;
}

let sent = 0;

/** It fills in the parts between dollars, its Via, and credentials when it is asked for them. */
function messageText(sender: string, text: string): string {
  sent += 1;
  return `MESSAGE sip:$user$@$dsthost$ SIP/2.0
From: <sip:${sender}@$dsthost$>;tag=sipsak-${sent}
To: <sip:$user$@$dsthost$>
Call-ID: sipsak-${sent}@$srchost$
CSeq: 1 MESSAGE
Max-Forwards: 70
Content-Type: text/plain;charset=UTF-8
Content-Length: ${Buffer.byteLength(text)}

${text}`;
}
