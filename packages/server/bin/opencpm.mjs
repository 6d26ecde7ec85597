#!/usr/bin/env node
// Starts OpenCPM under the runtime that is pinned in package.json, whatever node was called. Plain JavaScript for any
// Node from 18 on. In a checkout it runs the sources (the condition `opencpm-source`), in a package the built dist/.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const oldestMajor = 24;
const sourceCondition = '--conditions=opencpm-source';

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

if (isThisProcess(runtime) && (!fromSource || hasSourceCondition())) await import(pathToFileURL(main).href);
else run(runtime, [...(fromSource ? [sourceCondition] : []), main, ...process.argv.slice(2)], environment());

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

function hasSourceCondition() {
  return `${process.execArgv.join(' ')} ${process.env.NODE_OPTIONS ?? ''}`.includes(sourceCondition);
}

/** Stripped and compiled code is kept between runs of a checkout, which halves the time to start. */
function environment() {
  const modules = [dirname(dirname(root)), root].map((folder) => join(folder, 'node_modules')).find((folder) => existsSync(folder));
  if (!fromSource || modules === undefined || process.env.NODE_COMPILE_CACHE !== undefined) return process.env;
  return { ...process.env, NODE_COMPILE_CACHE: join(modules, '.cache', 'opencpm') };
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
