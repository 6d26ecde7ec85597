import assert from 'node:assert/strict';
import { test } from 'node:test';

import { formatListenAddress, parseListenAddress } from './listen-address.ts';

const read = (text: string) => {
  const parsed = parseListenAddress(text);
  return parsed.kind === 'address' ? parsed.address : parsed.text;
};

test('a listen address names transport, IP address and port', () => {
  assert.deepEqual(read('udp://127.0.0.1:5060'), { transport: 'UDP', host: '127.0.0.1', port: 5060 });
  assert.deepEqual(read('TCP://[::1]:0'), { transport: 'TCP', host: '::1', port: 0 });
  assert.deepEqual(read('tcp://10.0.0.1'), { transport: 'TCP', host: '10.0.0.1', port: 5060 });
});

test('it can say how peers reach it', () => {
  assert.deepEqual(read('udp://0.0.0.0:5060?advertise=sip.example.net:15060'), {
    transport: 'UDP',
    host: '0.0.0.0',
    port: 5060,
    advertise: { host: 'sip.example.net', port: 15_060 },
  });
});

test('what is wrong with it comes with a remedy', () => {
  assert.match(String(read('127.0.0.1:5060')), /is not a listen address such as "udp:/);
  assert.match(String(read('tls://127.0.0.1:5061')), /is not a listen address such as "udp:/);
  assert.match(String(read('udp://localhost:5060')), /does not name an IP address and a port/);
  assert.match(String(read('udp://127.0.0.1:65536')), /does not name an IP address and a port/);
  assert.match(String(read('udp://127.0.0.1:5060?advertise=a:0')), /advertise that is not HOST:PORT/);
  assert.match(String(read('udp://0.0.0.0:5060')), /append for example \?advertise=192\.0\.2\.7:5060/);
  assert.match(String(read('udp://[::]:5060?advertise=[::]:5060')), /advertise that is not HOST:PORT/);
});

test('a written address reads as itself', () => {
  for (const text of ['udp://127.0.0.1:5060', 'tcp://[::1]:5061']) {
    const parsed = parseListenAddress(text);
    assert(parsed.kind === 'address');
    assert.equal(formatListenAddress(parsed.address), text);
  }
});
