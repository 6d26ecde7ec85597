#!/usr/bin/env node
// Starts OpenCPM under the runtime that is pinned in package.json, whatever node was called. Plain JavaScript for any
// Node from 18 on. In a checkout it runs the sources (the condition `opencpm-source`), in a package the built dist/.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const oldestMajor = 24;
const sourceCondition = '--conditions=opencpm-source';

/** By which memory-at-rest.ts gives back what V8 keeps in reserve. A bound of that reserve costs processor time under load. */
const memoryOptions = ['--expose-gc'];
/**
 * glibc gives large pieces back when they are freed only while its threshold for them does not grow; each further
 * arena keeps holes of its own. Other C libraries do not know these names.
 */
const memoryVariables = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' };

const root = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))));
const source = join(root, 'src', 'main.ts');
const fromSource = existsSync(source);
const main = fromSource ? source : join(root, 'dist', 'main.js');

const pinned = pinnedRuntime();
const runtime = pinned ?? process.execPath;

if (pinned === undefined && Number.parseInt(process.versions.node, 10) < oldestMajor) {
  process.stderr.write(
    `OpenCPM needs Node ${oldestMajor} or later; this is ${process.versions.node} (run npm install where it is, or use a newer node).\n`,
  );
  process.exit(3);
}

const options = [...(fromSource ? [sourceCondition] : []), ...memoryOptions];
const missing = isThisProcess(runtime) ? options.filter((option) => !isGiven(option)) : options;

if (isThisProcess(runtime) && missing.length === 0 && hasMemoryVariables()) await import(pathToFileURL(main).href);
else run(runtime, [...givenOptions(), ...missing, main, ...process.argv.slice(2)], environment());

/** node_modules/node-linux-<arch>/bin/node, in the first node_modules from here upwards that has it. */
function pinnedRuntime() {
  for (let folder = root; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
}

function isThisProcess(path) {
  return realpathSync(path) === realpathSync(process.execPath);
}

/** With that value or another, which is then the operator's choice. */
function isGiven(option) {
  const name = option === sourceCondition ? option : option.replace(/=.*/, '');
  return [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(' ')].some((word) => word.startsWith(name));
}

/** What was meant for another Node may mean nothing to the pinned one. */
function givenOptions() {
  return isThisProcess(runtime) ? process.execArgv : [];
}

function hasMemoryVariables() {
  return Object.keys(memoryVariables).every((name) => process.env[name] !== undefined);
}

/** Stripped and compiled code is kept between runs of a checkout, which halves the time to start. */
function environment() {
  const modules = [dirname(dirname(root)), root].map((folder) => join(folder, 'node_modules')).find((folder) => existsSync(folder));
  const cache = fromSource && modules !== undefined ? { NODE_COMPILE_CACHE: join(modules, '.cache', 'opencpm') } : {};
  return { ...memoryVariables, ...cache, ...process.env };
}

/** Becomes that program where the system can do so, so that there is one process; else starts it and stands in for it. */
function run(program, words, variables) {
  if (typeof process.execve === 'function') process.execve(program, [program, ...words], variables);
  // The channel carries nothing: its end tells the server when this process was killed.
  const child = spawn(program, words, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env: variables });
  const forward = (signal) => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward);
  child.on('error', (error) => {
    process.stderr.write(`${program}: ${error.message}\n`);
    process.exit(3);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 3);
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(name, forward);
    process.kill(process.pid, signal);
  });
}
