import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answersInTrace } from './trace.ts';

const came = '10 recvmsg(29, {msg_iov=[{iov_base="MESSAGE sip:nora@cpm.tes"..., iov_len=65536}]}, 0) = 709';
const synced = '12 fsync(27)                         = 0';
const challenged = '10 sendmsg(29, {msg_iov=[{iov_base="SIP/2.0 407 Proxy Authen"...}]}, 0) = 676';
const accepted = '10 sendmsg(29, {msg_iov=[{iov_base="SIP/2.0 202 Accepted\\r\\nVi"...}]}, 0) = 376';
const began = '12 fdatasync(31 <unfinished ...>';
const resumed = '12 <... fdatasync resumed>)            = 0';

describe('a 202 in a trace', () => {
  for (const [name, lines, early] of [
    ['after its fsync', [came, synced, accepted], []],
    ['after a challenge and its fsync', [came, challenged, came, synced, accepted], []],
    ['after an fdatasync that other calls interrupted', [came, began, challenged.replace('SIP/2.0', 'OPTIONS'), resumed, accepted], []],
    ['before its fsync', [came, accepted, synced], [1]],
    ['before the end of its fdatasync', [came, began, accepted, resumed], [1]],
    ['after the fsync of the one before', [came, synced, accepted, came, accepted], [2]],
    ['after an fsync that was before its request', [synced, came, accepted], [1]],
    ['after an fdatasync that began before its request', [began, came, resumed, accepted], [1]],
    ['after an fsync that failed', [came, synced.replace('= 0', '= -1 EIO'), accepted], [1]],
  ] as const) {
    it(`${name}: ${early.length === 0 ? 'in time' : 'too early'}`, () => assert.deepEqual(answersInTrace(lines.join('\n')).early, early));
  }
});
