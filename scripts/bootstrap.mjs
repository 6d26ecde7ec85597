/**
 * The way into every npm script of this repository, in plain JavaScript because it starts under whatever Node the
 * machine has: installs what package-lock.json says when that is not what stands in node_modules, then runs the
 * wanted program under the pinned Node with the sources of the workspace packages visible.
 *
 *   node scripts/bootstrap.mjs start|test|check|format|docs|pack-check|conformance|interop|bench|fuzz|force|answers|sim [-- arguments]
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

const root = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');
const smallestMajorVersion = 24;

/** @type {Readonly<Record<string, readonly string[]>>} */
const programs = {
  start: ['packages/server/bin/opencpm.mjs', 'start'],
  test: ['scripts/test.ts'],
  check: ['scripts/check.ts'],
  format: ['node_modules/@biomejs/biome/bin/biome', 'check', '--write', '.'],
  docs: ['scripts/generate-docs.ts'],
  'pack-check': ['scripts/pack-check.ts'],
  conformance: ['conformance/run.ts'],
  interop: ['interop/run.ts'],
  bench: ['bench/run.ts'],
  fuzz: ['fuzz/run.ts'],
  force: ['force/run.ts'],
  answers: ['answers/run.ts'],
  sim: ['simulation/run.ts'],
};

/**
 * @typedef {{ version?: string, integrity?: string, resolved?: string, link?: boolean, optional?: boolean, devOptional?: boolean }} LockedPackage
 * @typedef {{ packages?: Record<string, LockedPackage> }} Lockfile
 */

/**
 * Does node_modules hold what the lockfile asks for? Contents are compared and not times, because a checkout touches
 * the lockfile and an interrupted installation leaves no hidden lockfile behind. Optional packages (other platforms)
 * may be absent.
 * @param {Lockfile} wanted package-lock.json
 * @param {Lockfile} installed node_modules/.package-lock.json
 * @returns {boolean}
 */
export function installedAsLocked(wanted, installed) {
  const present = installed.packages ?? {};
  return Object.entries(wanted.packages ?? {})
    .filter(([path]) => path.includes('node_modules/'))
    .every(([path, entry]) => {
      const found = present[path];
      if (found === undefined) return entry.optional === true || entry.devOptional === true;
      return found.version === entry.version && found.integrity === entry.integrity && found.link === entry.link;
    });
}

/**
 * @param {string} path
 * @returns {Lockfile | undefined}
 */
function readLockfile(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

function isInstalled() {
  const wanted = readLockfile(join(root, 'package-lock.json'));
  const installed = readLockfile(join(root, 'node_modules', '.package-lock.json'));
  return wanted !== undefined && installed !== undefined && installedAsLocked(wanted, installed);
}

/** Output goes to stderr, so that what the wanted program prints to stdout stays its own (`--json`). */
async function install() {
  process.stderr.write('Installing the locked dependencies (npm ci) …\n');
  const npm = process.env.npm_execpath;
  const code =
    npm?.endsWith('.js') === true
      ? await runChild(process.execPath, [npm, 'ci'], { quietStdout: true })
      : await runChild('npm', ['ci'], { quietStdout: true });
  if (code !== 0) fail(`npm ci failed with exit code ${code}. Look above for its reason; a proxy or registry setting is the usual one.`);
}

/** @returns {string} */
function pinnedNode() {
  const pinned = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(pinned)) return pinned;
  const major = Number(process.versions.node.split('.')[0]);
  if (major < smallestMajorVersion) {
    fail(
      `No pinned Node for ${process.platform}-${process.arch}, and this one is ${process.version}. Install Node ${smallestMajorVersion} or newer and try again.`,
    );
  }
  process.stderr.write(
    `No pinned Node for ${process.platform}-${process.arch}; going on with ${process.version} at ${process.execPath}.\n`,
  );
  return process.execPath;
}

/**
 * Runs a program to its end and passes the signals on, so that Ctrl-C or a service manager stops the server and not
 * only its launcher.
 * @param {string} program
 * @param {readonly string[]} parameters
 * @param {{ quietStdout?: boolean }} [options]
 * @returns {Promise<number>} its exit code; 128 plus the signal's usual number stand-in when a signal ended it
 */
function runChild(program, parameters, options = {}) {
  return new Promise((settle) => {
    const stdio = options.quietStdout === true ? ['ignore', process.stderr, process.stderr] : 'inherit';
    const child = spawn(program, parameters, { cwd: root, stdio: /** @type {import('node:child_process').StdioOptions} */ (stdio) });
    // The terminal sends SIGINT to the whole group already; the launcher only has to outlive it.
    process.on('SIGINT', () => undefined);
    for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP'])) process.on(signal, () => child.kill(signal));
    child.on('error', (error) => fail(`${program} could not be started: ${error.message}`));
    child.on('exit', (code, signal) => settle(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  process.stderr.write(`opencpm: ${message}\n`);
  process.exit(1);
}

/** @param {readonly string[]} commandLine */
async function main(commandLine) {
  const [name = '', ...rest] = commandLine;
  const program = Object.hasOwn(programs, name) ? programs[name] : undefined;
  if (program === undefined) fail(`unknown script "${name}"; there are ${Object.keys(programs).join(', ')}.`);
  if (!isInstalled()) await install();
  const [entry = '', ...leading] = program;
  if (!existsSync(join(root, entry))) fail(`${entry} is not in this checkout.`);
  const parameters = rest[0] === '--' ? rest.slice(1) : rest;
  process.exitCode = await runChild(pinnedNode(), ['--conditions=opencpm-source', join(root, entry), ...leading, ...parameters]);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(resolve(process.argv[1])).href) await main(process.argv.slice(2));
