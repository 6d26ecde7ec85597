import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { it } from 'node:test';
import { promisify } from 'node:util';

it('what the program loads has no WebSocket, no fetch and no TLS of Node in it', async () => {
  const modules = ['./command-line/program.ts', './create-server.ts', './node-platform.ts', './observability/http-listener.ts'];
  const imports = modules.map((name) => `await import(${JSON.stringify(new URL(name, import.meta.url).href)});`);
  const program = `${imports.join('')} process.stdout.write(process.moduleLoadList.join('\\n'));`;
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, '--input-type=module', '--eval', program]);
  assert.match(stdout, /NativeModule _http_server/);
  assert.doesNotMatch(stdout, /undici|NativeModule (tls|https|cluster)$/m);
});
