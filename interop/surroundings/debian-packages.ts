import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { runProgram } from './program.ts';

/** A foreign program (or another file) and the Debian package that brings it. */
export interface DebianProgram {
  /** A name to be found in PATH, or an absolute path of a file. */
  readonly program: string;
  readonly debianPackage: string;
}

const installMilliseconds = 600_000;

/** Installs the packages of the programs that are not there, without questions. Throws when that does not work. */
export async function installMissing(programs: readonly DebianProgram[], say: (line: string) => void): Promise<void> {
  const missing = programs.filter(({ program }) => !isThere(program));
  const packages = [...new Set(missing.map(({ debianPackage }) => debianPackage))];
  if (packages.length === 0) return;
  say(`Installing ${packages.join(', ')} …`);
  await aptGet('update', '-qq');
  await aptGet('install', '-qq', '-y', '--no-install-recommends', ...packages);
  const absent = programs.filter(({ program }) => !isThere(program));
  if (absent.length > 0) throw new Error(`installed, and still not there: ${absent.map(({ program }) => program).join(', ')}`);
}

function isThere(program: string): boolean {
  const places = program.startsWith('/') ? [program] : searchPath().map((folder) => join(folder, program));
  return places.some((place) => {
    try {
      accessSync(place, constants.R_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Servers live in sbin, which is not in everybody's PATH. */
function searchPath(): string[] {
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
}

async function aptGet(...words: readonly string[]): Promise<void> {
  const asRoot = process.getuid?.() === 0;
  const command = ['apt-get', ...words];
  const [program = '', ...parameters] = asRoot ? command : ['sudo', '-n', ...command];
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  const { code, errors } = await runProgram(program, parameters, { environment, withinMilliseconds: installMilliseconds });
  if (code !== 0) throw new Error(`${[program, ...parameters].join(' ')} failed (exit code ${code}): ${errors.trim()}`);
}
