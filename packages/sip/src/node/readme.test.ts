/** The example of the README runs as it is printed there, and answers others too. */
import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Headers } from '../message/headers.ts';
import type { SipRequest } from '../message/message.ts';
import { createNodeEndpoint } from './create-node-endpoint.ts';

const packageFolder = fileURLToPath(new URL('../..', import.meta.url));

async function example(name: string): Promise<string> {
  const readme = await readFile(`${packageFolder}README.md`, 'utf8');
  const start = readme.indexOf(`\`\`\`js\n// example: ${name}\n`);
  assert.ok(start >= 0, `the README has no example ${name}`);
  return readme.slice(start + '```js\n'.length, readme.indexOf('\n```', start));
}

/** Runs a module against the source. */
function run(code: string): ChildProcessByStdio<Writable, Readable, null> {
  const options = ['--conditions=opencpm-source', '--input-type=module', '--eval', code];
  return spawn(process.execPath, options, { cwd: packageFolder, stdio: ['pipe', 'pipe', 'inherit'] });
}

async function linesOf(child: ChildProcessByStdio<Writable, Readable, null>): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) lines.push(line);
  return lines;
}

function message(body: string): SipRequest {
  const headers = Headers.of(
    ['From', '<sip:a@example.net>;tag=1'],
    ['To', '<sip:b@example.net>'],
    ['Call-ID', 'other'],
    ['CSeq', '7 MESSAGE'],
  );
  return { kind: 'request', method: 'MESSAGE', uri: 'sip:b@example.net', headers, body: new TextEncoder().encode(body) };
}

describe('the echo server of the README', () => {
  it('has fewer than 40 lines', async () => {
    assert.ok((await example('echo-server')).split('\n').length < 40);
  });

  it('prints its address and the answer to its own message, and ends', async () => {
    const child = run(await example('echo-server'));
    const exit = once(child, 'exit');
    const [listening, answer, ...rest] = await linesOf(child);
    assert.match(listening ?? '', /^listening on udp:\/\/127\.0\.0\.1:\d+$/);
    assert.equal(answer, '200 hello');
    assert.deepEqual(rest, []);
    assert.deepEqual(await exit, [0, null]);
  });

  it('answers a peer from another process', async (t) => {
    const code = await example('echo-server');
    const server = code.slice(0, code.indexOf('const client'));
    const child = run(`${server}\nprocess.stdin.once('end', () => server.close()).resume();`);
    t.after(() => child.stdin.end());
    const client = createNodeEndpoint();
    t.after(() => client.close());
    await client.listen('UDP', { host: '127.0.0.1', port: 0 });
    const [line] = await once(createInterface(child.stdout), 'line');
    const port = Number(/:(\d+)$/.exec(String(line))?.[1]);
    const outcome = await client.request(message('from outside'), { transport: 'UDP', address: { host: '127.0.0.1', port } });
    assert.ok(outcome.kind === 'response');
    assert.equal(new TextDecoder().decode(outcome.response.body), 'from outside');
    const exit = once(child, 'exit');
    child.stdin.end();
    assert.deepEqual(await exit, [0, null]);
  });
});
