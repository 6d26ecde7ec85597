import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatLadder } from './ladder.ts';
import { WireLog } from './wire-log.ts';

const alice = { host: '10.0.0.1', port: 5060 };
const core = { host: '10.0.0.2', port: 5060 };
const bob = { host: '2001:db8::3', port: 49_152 };
const octets = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));

const message = octets('MESSAGE sip:bob@example.net SIP/2.0\r\nCSeq: 1 MESSAGE\r\nContent-Length: 2\r\n\r\nhi');
const answered = octets('SIP/2.0 200 OK\r\nCSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n');

function namedLog(): WireLog {
  const log = new WireLog(1_000);
  log.nameHost(alice.host, 'alice');
  log.nameHost(core.host, 'core');
  log.nameHost('10.0.0.9', 'nobody');
  log.nameHost(bob.host, 'bob');
  return log;
}

describe('the text of a wire log', () => {
  it('shows every octet, line by line', () => {
    const log = namedLog();
    log.add({
      atMilliseconds: 2_005,
      transport: 'UDP',
      event: 'datagram',
      from: alice,
      to: bob,
      fate: 'doubled',
      octets: octets('a\r\n\\\xe9\n\nend'),
    });
    log.add({ atMilliseconds: 2_006, transport: 'TCP', event: 'end', from: bob, to: core, fate: 'sent', octets: octets('') });
    const expected = [
      '+1.005 UDP 10.0.0.1:5060 > [2001:db8::3]:49152 datagram, doubled, 10 octets',
      '  a\\r\\n',
      '  \\\\\\xe9\\n',
      '  \\n',
      '  end\\',
      '+1.006 TCP [2001:db8::3]:49152 > 10.0.0.2:5060 end, sent, 0 octets',
      '',
    ];
    assert.equal(log.toText(), expected.join('\n'));
  });

  it('differs for octets that differ only in their line ends or in how they would be shown', () => {
    const textOf = (sent: string) => {
      const log = namedLog();
      log.add({ atMilliseconds: 0, transport: 'UDP', event: 'datagram', from: alice, to: bob, fate: 'sent', octets: octets(sent) });
      return log.toText();
    };
    const variants = ['a\n', 'a\r\n', 'a', '\\n\n', 'a\\', 'a\\n', '\\x0a', '\n', 'a\n\n', 'a\n '];
    assert.equal(new Set(variants.map(textOf)).size, variants.length);
  });
});

describe('a ladder', () => {
  it('draws an arrow for each message, with its fate, between the hosts that took part', () => {
    const log = namedLog();
    const udp = { transport: 'UDP', event: 'datagram' } as const;
    log.add({ ...udp, atMilliseconds: 1_000, from: alice, to: core, fate: 'lost', octets: message });
    log.add({ ...udp, atMilliseconds: 1_500, from: alice, to: core, fate: 'sent', octets: message });
    log.add({ ...udp, atMilliseconds: 1_510, from: core, to: bob, fate: 'doubled', octets: message });
    log.add({ ...udp, atMilliseconds: 1_520, from: bob, to: alice, fate: 'sent', octets: answered });
    log.add({ ...udp, atMilliseconds: 1_530, from: alice, to: alice, fate: 'sent', octets: octets('\r\n\r\n') });
    log.add({ ...udp, atMilliseconds: 1_540, from: core, to: alice, fate: 'sent', octets: octets('nonsense\r\n\r\n') });
    const rows = formatLadder(log).split('\n');
    assert.match(rows[6] ?? '', /^ {4}\+0\.540 {2}\|<- malformed: .* -+\| {43}\|$/);
    assert.deepEqual(rows.toSpliced(6, 1), [
      '            alice                                       core                                        bob',
      '    +0.000  |- MESSAGE sip:bob@example.net [lost] -----x|                                           |',
      '    +0.500  |- MESSAGE sip:bob@example.net ------------>|                                           |',
      '    +0.510  |                                           |- MESSAGE sip:bob@example.net [doubled] -->|',
      '    +0.520  |<- 200 OK (MESSAGE) -------------------------------------------------------------------|',
      '    +0.530  | keep-alive                                |                                           |',
      '',
    ]);
  });

  it('joins the segments of a message on TCP and shows the life of the connection', () => {
    const log = namedLog();
    const tcp = { transport: 'TCP', atMilliseconds: 1_000, from: alice, to: core, fate: 'sent' } as const;
    log.add({ ...tcp, event: 'connect', octets: octets('') });
    log.add({ ...tcp, event: 'accepted', from: core, to: alice, octets: octets('') });
    log.add({ ...tcp, event: 'segment', octets: message.slice(0, 30) });
    log.add({ ...tcp, event: 'segment', octets: Uint8Array.from([...message.slice(30), ...octets('\r\n\r\n'), ...message]) });
    log.add({ ...tcp, event: 'segment', from: core, to: alice, octets: answered });
    log.add({ ...tcp, event: 'segment', octets: message.slice(0, 30) });
    log.add({ ...tcp, event: 'reset', from: core, to: alice, octets: octets('') });
    assert.doesNotMatch(
      formatLadder(log, ({ event }) => event !== 'reset'),
      /reset/,
    );
    const labels = formatLadder(log)
      .split('\n')
      .map((row) => /- ([^|]*?) -*[>x|]/.exec(row)?.[1]);
    assert.deepEqual(
      labels.filter((label) => label !== undefined),
      [
        'TCP connect',
        'TCP accepted',
        'MESSAGE sip:bob@example.net',
        'ping',
        'MESSAGE sip:bob@example.net',
        '200 OK (MESSAGE)',
        'TCP reset within MESSAGE sip:bob@e...',
      ],
    );
  });
});
