import { isIP } from 'node:net';
import { z } from 'zod';
import { choiceSetting, countSetting, documented, durationSetting } from './setting.ts';

/** Keys of `http`, `records` and `log`: how a running server is watched. */

const httpForm = 'an IP address and a port such as 127.0.0.1:9464 or [::1]:9464, or off';

/** The address to bind, or `off`. */
const httpListen = z.string().transform((text, context) => {
  if (text === 'off') return text;
  const match = /^(?:http:\/\/)?(?:\[([0-9a-fA-F:.]{2,45})\]|([0-9.]{7,15})):(\d{1,5})\/?$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3]);
  if (match !== null && isIP(host) !== 0 && port <= 65_535) return { host, port };
  context.issues.push({ code: 'custom', message: `must be ${httpForm}`, input: text });
  return z.NEVER;
});

export const http = z.strictObject({
  listen: documented(httpListen.optional(), {
    text: 'Where `/metrics` (Prometheus), `/healthz` and `/readyz` are served, without a password: keep it on loopback or on a network of your own. Port 0 is any free one.',
    form: httpForm,
    fallback: '(`127.0.0.1:9464`; any free port of 127.0.0.1 when an address of `listen` has port 0)',
  }),
});

export const records = z.strictObject({
  file: documented(z.string().min(1).optional(), {
    text: 'The file of message records: one JSON line for each outcome of a message, with the addresses of its users, for billing. A relative path starts at the configuration file. None are written when left out.',
    form: 'a path such as ./records.jsonl',
    fallback: '(no records)',
  }),
  maxSize: countSetting({
    text: 'A longer file is renamed to its name and the time, and a new one is begun.',
    unit: 'bytes',
    fallback: 104_857_600,
    minimum: 65_536,
    maximum: 1_099_511_627_776,
  }),
  maxAge: durationSetting({
    text: 'So is an older one, also while nothing is written to it.',
    fallback: '1d',
    minimum: '1m',
    maximum: '365d',
  }),
  keep: countSetting({
    text: 'How many renamed files are kept; the oldest ones go.',
    unit: 'files',
    fallback: 30,
    minimum: 1,
    maximum: 100_000,
  }),
});

export const log = z.strictObject({
  level: choiceSetting({
    text: 'The least important lines that are written. `info` has starts, stops, faults and, a few in a minute, refusals; `debug` has a line for each outcome of a message and each registration.',
    values: ['error', 'warn', 'info', 'debug'],
    fallback: 'info',
  }),
  file: documented(z.string().min(1).optional(), {
    text: 'Where the lines go; a relative path starts at the configuration file. Standard error when left out. SIGHUP opens the file anew.',
    form: 'a path such as ./opencpm.log',
    fallback: '(standard error)',
  }),
  addresses: documented(z.boolean().prefault(false), {
    text: 'Whether lines show addresses and numbers of users and peers. Otherwise each appears as `#` and a short keyed hash, the same one for the same address.',
    form: 'true or false',
    fallback: 'false',
  }),
  bodies: documented(z.boolean().prefault(false), {
    text: 'Whether lines of level `debug` show the bodies of messages. Otherwise a short keyed hash and the size.',
    form: 'true or false',
    fallback: 'false',
  }),
});

export const drain = durationSetting({
  text: 'How long a server that was told to stop finishes what is under way. New requests are answered 503 meanwhile.',
  fallback: '10s',
  minimum: '0s',
  maximum: '5m',
});
