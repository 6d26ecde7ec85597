/**
 * A program of its own, so that the flood costs the writers nothing but the server's time: so many malformed and so many
 * unauthenticated requests, in turn, at a steady rate from one address, and then the end.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';

/** Datagrams go out in small groups, because timers count in milliseconds. */
const groupMilliseconds = 5;
/** For answers that are still on their way. */
const lateMilliseconds = 1000;

const [port, count, rate] = process.argv.slice(2).map(Number);
if (port === undefined || count === undefined || rate === undefined) throw new Error('flooder.ts PORT COUNT RATE');

const socket = createSocket('udp4');
let answered = 0;
socket.on('message', () => {
  answered += 1;
});
socket.bind(0, '127.0.0.1');
await once(socket, 'listening');
const ownPort = socket.address().port;

const perGroup = Math.max(1, Math.round((rate * groupMilliseconds) / 1000));
const start = performance.now();
for (let number = 0; number < 2 * count; number += 1) {
  socket.send(number % 2 === 0 ? malformed(number) : unauthenticated(number), port, '127.0.0.1');
  if (number % perGroup === perGroup - 1) await pause(Math.max(0, start + ((number + 1) / rate) * 1000 - performance.now()));
}
await pause(lateMilliseconds);
socket.close();
process.send?.({ sent: 2 * count, answered });
process.disconnect();

/** Its CSeq names another method (RFC 3261 §8.1.1.5); every fourth is not even that. */
function malformed(number: number): string {
  return number % 8 === 0 ? `\u0000${'garbage '.repeat(60)}` : request(number, 'OPTIONS');
}

function unauthenticated(number: number): string {
  return request(number, 'MESSAGE');
}

function request(number: number, sequenceMethod: string): string {
  const body = 'Nobody asked for this. '.repeat(10);
  const lines = [
    'MESSAGE sip:bob0@cpm.test SIP/2.0',
    `Via: SIP/2.0/UDP 127.0.0.1:${ownPort};branch=z9hG4bK-noise-${number};rport`,
    'Max-Forwards: 70',
    `From: <sip:mallory${number}@cpm.test>;tag=${number}`,
    'To: <sip:bob0@cpm.test>',
    `Call-ID: noise-${number}@127.0.0.1`,
    `CSeq: 1 ${sequenceMethod}`,
    'Content-Type: text/plain',
    `Content-Length: ${body.length}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
