import { isIP } from 'node:net';

import { z } from 'zod';

import { cluster } from './cluster-settings.ts';
import { dnsSettings } from './dns-settings.ts';
import { limits } from './limit-settings.ts';
import { listenAddressForm, parseListenAddress } from './listen-address.ts';
import { drain, http, log, records } from './observability-settings.ts';
import { choiceSetting, documented, durationSetting, section } from './setting.ts';
import { parseStorageLocation, storageForm } from './storage-location.ts';
import { addressProblem, routeProblem } from './uri-settings.ts';

const domainForm = 'a domain name such as example.net';
const userNameForm = 'a user name of letters, digits and . _ ~ + - (at most 64)';

/** A transform that keeps the text and reports what `problem` finds wrong with it. */
function checkedText(problem: (text: string) => string | undefined) {
  return z.string().transform((text, context) => {
    const found = problem(text);
    if (found === undefined) return text;
    context.issues.push({ code: 'custom', message: found, input: text });
    return z.NEVER;
  });
}

/** RFC 1123 §2.1: labels of letters, digits and hyphens. The empty message stands for "must be" and the form. */
const domainName = z
  .string()
  .regex(/^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}))*$/)
  .transform((name) => name.toLowerCase());

const listenAddress = z.string().transform((text, context) => {
  const parsed = parseListenAddress(text);
  if (parsed.kind === 'address') return parsed.address;
  context.issues.push({ code: 'custom', message: parsed.text, input: text });
  return z.NEVER;
});

const storageLocation = z.string().transform((text, context) => {
  const location = parseStorageLocation(text);
  if (location !== undefined) return location;
  context.issues.push({ code: 'custom', message: `must be ${storageForm}`, input: text });
  return z.NEVER;
});

const peerForm = 'an IP address such as 10.0.0.5, or a network such as 10.0.0.0/24';

function webhookProblem(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? undefined : 'must be an http or https URL';
}

function peerProblem(text: string): string | undefined {
  const match = /^([0-9a-fA-F:.]{2,45})(?:\/(\d{1,3}))?$/.exec(text);
  const family = isIP(match?.[1] ?? '');
  if (match === null || family === 0) return `must be ${peerForm}`;
  const widest = family === 4 ? 32 : 128;
  return Number(match[2] ?? 0) > widest ? `has a prefix longer than ${widest} bits (write for example ${match[1]}/${widest})` : undefined;
}

const user = documented(
  z.strictObject({
    user: documented(z.string().regex(/^[A-Za-z0-9._~+-]{1,64}$/), {
      text: 'The name the user authenticates with, and the user part of the identity he has by default.',
      form: userNameForm,
      example: 'alice',
    }),
    password: documented(z.string().min(1).max(256), {
      text: 'The password for digest authentication. The server keeps only its hashes in the database.',
      form: 'a text of 1 to 256 characters (put digits in quotes)',
      example: 'wonderland',
      secret: true,
    }),
    identities: documented(z.array(documented(checkedText(addressProblem), { text: '', form: 'a sip or tel URI' })).prefault([]), {
      text: 'The addresses that reach the user: sip URIs in the domain of the server, and tel URIs. `sip:USER@DOMAIN` when empty.',
      form: 'a list of sip and tel URIs such as ["sip:alice@example.net", "tel:+15550001"]',
      fallback: '[]',
    }),
  }),
  { text: 'A user.', form: 'a map such as { user: alice, password: wonderland }' },
);

const policy = z.strictObject({
  answerWithin: durationSetting({
    text: 'How long a sender waits for the recipient’s clients. After that the message is deferred and the sender told so (202).',
    fallback: '10s',
    minimum: '1s',
    maximum: '25s',
    source: 'Decision 43; below the 32 s after which the sender’s own transaction gives up (Timer F, RFC 3261 §17.1.2.2).',
  }),
  undelivered: choiceSetting({
    text: 'What becomes of a message that no client takes: kept until he comes, handed to an interworking function, or refused.',
    values: ['defer', 'interwork', 'reject'],
    fallback: 'defer',
    source: 'Decisions 37 and 45; interwork counts as failed, and so defers, until an interworking function is there.',
  }),
  plainClients: choiceSetting({
    text: 'Whether SIP clients that know no CPM get messages when the user has no CPM client online.',
    values: ['deliver', 'ignore'],
    fallback: 'deliver',
  }),
  anonymity: choiceSetting({
    text: 'Whether users may send without showing who they are.',
    values: ['allow', 'refuse'],
    fallback: 'allow',
  }),
  ownDeviceCopies: choiceSetting({
    text: 'Whether the other CPM clients of a sender get a copy of what one of them has sent. Copies are not deferred.',
    values: ['always', 'never'],
    fallback: 'always',
    source: 'RCS clients show the same conversation on every device of a user; E 8.2.2.1 step 8 by analogy.',
  }),
  maxExpiry: durationSetting({
    text: 'How long a deferred message is kept at most, and how long it is kept when its sender does not say.',
    fallback: '7d',
    minimum: '1m',
    maximum: '365d',
  }),
  minRelease: documented(
    z
      .string()
      .regex(/^(?:none|\d{1,3}\.\d{1,3})$/)
      .prefault('none'),
    {
      text: 'The oldest CPM release that a client may announce.',
      form: 'none, or a release in quotes such as "2.0"',
      fallback: 'none',
    },
  ),
  unknownRelease: choiceSetting({
    text: 'Whether messages are taken from clients that announce no CPM release. Counts when `policy.minRelease` is set.',
    values: ['accept', 'refuse'],
    fallback: 'accept',
    source: 'B-8.3.1.1-02; a foreign or absent User-Agent is an unknown release.',
  }),
  expiryNotices: choiceSetting({
    text: 'Whether a user is told of a message that expired before he got it: his registered clients by a system message, else out of band.',
    values: ['send', 'none'],
    fallback: 'send',
    source: 'B-8.3.1.6.8-04, -11.',
  }),
  pushRetryFirst: durationSetting({
    text: 'How long a deferred message waits after a client did not answer or refused it for now. Each further time doubles it; Retry-After of the client counts instead.',
    fallback: '30s',
    minimum: '1s',
    maximum: '1h',
    source: 'Decision 44; docs/decisions/0003-order-and-retries.md.',
  }),
  pushRetryMax: durationSetting({
    text: 'The longest such wait, also when a client asks for a longer one.',
    fallback: '1h',
    minimum: '1s',
    maximum: '1d',
  }),
  duplicateWindow: durationSetting({
    text: 'How long a message is remembered so that a second copy of it is answered again but not delivered again.',
    fallback: '24h',
    minimum: '1m',
    maximum: '30d',
  }),
});

const webhook = z.strictObject({
  url: documented(checkedText(webhookProblem).optional(), {
    text: 'Where users are told out of band that messages wait or have expired: one POST of a JSON text a notice, tried once. Nobody is told when left out.',
    form: 'an http or https URL',
    fallback: '(none)',
    example: 'https://push.example.net/notice',
  }),
  quiet: durationSetting({
    text: 'After a notice that messages wait, how long further ones of the same user are left out.',
    fallback: '60s',
    minimum: '1s',
    maximum: '1d',
  }),
});

/** The configuration file. Durations are parsed to seconds here; load.ts fills in what depends on where the file is. */
export const configurationSchema = z.strictObject({
  domain: documented(domainName, {
    text: 'The SIP domain of all users.',
    form: domainForm,
    example: 'example.net',
  }),
  realm: documented(z.string().min(1).max(128).optional(), {
    text: 'The realm of digest challenges. Users’ password hashes depend on it. The domain when left out.',
    form: 'a text of 1 to 128 characters',
    fallback: '(the domain)',
  }),
  digest: documented(
    z
      .array(documented(z.enum(['SHA-256', 'MD5']), { text: '', form: 'SHA-256 or MD5' }))
      .min(1)
      .max(2)
      .prefault(['SHA-256', 'MD5']),
    {
      text: 'Algorithms of digest challenges, one challenge each in this order (RFC 8760). Clients that know MD5 only and look at the first challenge alone need ["MD5", "SHA-256"].',
      form: 'a list of SHA-256 and MD5',
      fallback: '["SHA-256", "MD5"]',
    },
  ),
  listen: documented(
    z
      .array(documented(listenAddress, { text: '', form: listenAddressForm }))
      .min(1)
      .prefault(['udp://127.0.0.1:5060', 'tcp://127.0.0.1:5060']),
    {
      text: 'Where the server listens. `?advertise=HOST:PORT` says how peers reach it when that differs (NAT, containers, every address). The command line uses the first UDP address.',
      form: 'a list of listen addresses such as ["udp://127.0.0.1:5060", "tcp://127.0.0.1:5060"]',
      fallback: '["udp://127.0.0.1:5060", "tcp://127.0.0.1:5060"]',
    },
  ),
  storage: documented(storageLocation.prefault('sqlite:./data/opencpm.db'), {
    text: 'The database. A relative path starts at the configuration file. The command line reaches the running server through `opencpm.sock` beside the SQLite file; with PostgreSQL that is `./data/opencpm.sock`.',
    form: storageForm,
    fallback: '"sqlite:./data/opencpm.db"',
    secret: true,
  }),
  cluster: section('Several servers on one database, which needs PostgreSQL: docs/operating.md, Several nodes.', cluster.prefault({})),
  trustedPeers: documented(z.array(documented(checkedText(peerProblem), { text: '', form: peerForm })).prefault([]), {
    text: 'Peers that are not challenged and whose P-Asserted-Identity (else From) is believed: a proxy or core in front of this server.',
    form: 'a list of IP addresses and networks such as ["10.0.0.5", "10.1.0.0/16"]',
    fallback: '[]',
  }),
  users: documented(z.array(user).prefault([]), {
    text: 'Users that are set up at every start. Others are added with `opencpm user add` and live in the database.',
    form: 'a list of users such as [{ user: alice, password: wonderland }]',
    fallback: '[]',
  }),
  routes: documented(z.record(domainName, documented(checkedText(routeProblem), { text: '', form: 'a sip URI' })).prefault({}), {
    text: 'Where requests for other domains go: domain → SIP URI. Requests for a domain without a route are answered 404.',
    form: 'a map such as { other.example: "sip:10.0.0.5;transport=tcp" }',
    fallback: '{}',
  }),
  dns: section('How the names of routes become addresses.', dnsSettings.prefault({})),
  policy: section('What the service does where the specification leaves a choice.', policy.prefault({})),
  limits: section('Bounds. Past one of them a peer gets an error answer, and memory stays flat.', limits.prefault({})),
  webhook: section('How users are told of deferred messages while none of their clients is registered (Appendix I).', webhook.prefault({})),
  isf: documented(checkedText(routeProblem).optional(), {
    text: 'The Interworking Selection Function: where messages for other kinds of addresses go, and those that rules or `policy.undelivered` hand over. It gets them directly as SIP requests. Without one, interworking counts as failed.',
    form: 'a SIP URI such as "sip:10.0.0.9:5070;transport=tcp"',
    fallback: '(none)',
  }),
  http: section('What operators’ systems can ask the server.', http.prefault({})),
  records: section('A record of what became of each message.', records.prefault({})),
  log: section('What is written down, and where.', log.prefault({})),
  drain,
});

export type ParsedConfiguration = z.output<typeof configurationSchema>;
