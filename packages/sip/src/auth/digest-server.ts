import type { DigestChallenge } from '../message/headers/digest-challenge.ts';
import type { DigestCredentials } from '../message/headers/digest-credentials.ts';
import { Malformed } from '../message/malformed.ts';
import { Parameters } from '../message/parameters.ts';
import type { Clock, Hashes, Random } from '../platform.ts';
import { sameUri } from '../uri/same-uri.ts';
import { parseUri } from '../uri/uri.ts';
import { sameText } from './constant-time.ts';
import { type DigestAlgorithm, digestAlgorithms, digestResponse, octetsOf, type Protection } from './digest.ts';
import { Nonces } from './nonces.ts';

export interface DigestServerOptions {
  readonly realm: string;
  readonly random: Random;
  readonly hashes: Hashes;
  readonly clock: Clock;
  /** How long a nonce may be used. 300 when left out. */
  readonly nonceLifetimeSeconds?: number;
  /** One challenge each, in this order (RFC 8760 §2.3). SHA-256, then MD5 when left out. */
  readonly algorithms?: readonly DigestAlgorithm[];
  /** Seals the nonces; 32 octets or more. Servers with the same key take each other's. Random when left out. */
  readonly key?: Uint8Array;
  /** True, as when left out: credentials without qop (RFC 2069) are taken. They can be replayed for as long as the nonce lives. */
  readonly withoutQop?: boolean;
  /** Nonces whose counts are kept; the older ones beyond are stale. 100,000 when left out. */
  readonly maxCountedNonces?: number;
}

export interface DigestRequest {
  readonly method: string;
  /** The Request-URI as written. */
  readonly uri: string;
  readonly body: Uint8Array;
  /** What ha1Hex gives for the user whom the credentials name; undefined when there is none. */
  readonly ha1: (algorithm: DigestAlgorithm) => string | undefined;
  /** Whether a digest-uri that is not the Request-URI stands for the same thing; equal URIs do without it (RFC 3261 §22.4). */
  readonly knownUri?: (uri: string) => boolean;
}

/**
 * `ok`: the user is who he says. `stale`: right, but the nonce is expired, from another server or no longer known.
 * `replayed`: right, but the count was used before; to be challenged as stale. `wrong`: not the user, or not for this
 * request. `malformed`: not what was asked for.
 */
export type DigestVerdict = 'ok' | 'stale' | 'wrong' | 'replayed' | 'malformed';

const defaultNonceLifetimeSeconds = 300;
const defaultMaxCountedNonces = 100_000;
const keyOctets = 32;
/** Stands in for the ha1 of a user who does not exist, so that he costs the same time. */
const nobody = '0'.repeat(64);

/** Challenges and checks of the Digest scheme (RFC 7616, RFC 8760, RFC 3261 §22.4), without state but for the counts. */
export class DigestServer {
  readonly #options: DigestServerOptions;
  readonly #algorithms: readonly DigestAlgorithm[];
  readonly #nonces: Nonces;
  readonly #opaque: string;

  constructor(options: DigestServerOptions) {
    const { random, hashes, key = random.bytes(keyOctets) } = options;
    this.#options = options;
    this.#algorithms = options.algorithms ?? digestAlgorithms;
    // The same after a restart: credentials from before it are to be found stale, not wrong.
    this.#opaque = hashes.hex('md5', octetsOf(options.realm)).slice(0, 16);
    this.#nonces = new Nonces({
      random,
      hashes,
      key,
      lifetimeSeconds: options.nonceLifetimeSeconds ?? defaultNonceLifetimeSeconds,
      maxCounted: options.maxCountedNonces ?? defaultMaxCountedNonces,
    });
  }

  /** One challenge for each algorithm, each for a WWW-Authenticate or Proxy-Authenticate line of its own. */
  challenges(stale = false): readonly DigestChallenge[] {
    const nonce = this.#nonces.issue(this.#options.clock.now());
    return this.#algorithms.map((algorithm) => ({
      kind: 'digest',
      realm: this.#options.realm,
      nonce,
      opaque: this.#opaque,
      ...(stale ? { stale } : {}),
      algorithm,
      qop: ['auth'],
      parameters: Parameters.empty,
    }));
  }

  verify(credentials: DigestCredentials, request: DigestRequest): DigestVerdict {
    const algorithm = this.#algorithmOf(credentials);
    const protection = protectionOf(credentials, request.body);
    if (algorithm === undefined || protection === 'malformed') return 'malformed';
    if (protection === undefined && this.#options.withoutQop === false) return 'malformed';
    if (!this.#isRight(credentials, request, algorithm, protection)) return 'wrong';
    // Only who knows the password learns about nonces, and only his counts are kept.
    return this.#nonceVerdict(credentials.nonce, protection);
  }

  #algorithmOf({ algorithm = 'MD5' }: DigestCredentials): DigestAlgorithm | undefined {
    const name = algorithm.toUpperCase();
    return this.#algorithms.find((offered) => offered === name);
  }

  #isRight(
    credentials: DigestCredentials,
    request: DigestRequest,
    algorithm: DigestAlgorithm,
    protection: Protection | undefined,
  ): boolean {
    const { uri, nonce, realm, opaque, response } = credentials;
    const ha1 = request.ha1(algorithm);
    const expected = digestResponse(this.#options.hashes, {
      algorithm,
      ha1: ha1 ?? nobody,
      method: request.method,
      uri,
      nonce,
      protection,
    });
    const same = sameText(response.toLowerCase(), expected);
    if (realm !== this.#options.realm || (opaque !== undefined && opaque !== this.#opaque)) return false;
    return same && ha1 !== undefined && isFor(uri, request);
  }

  #nonceVerdict(nonce: string, protection: Protection | undefined): DigestVerdict {
    const fresh = this.#nonces.check(nonce, this.#options.clock.now());
    if (fresh === undefined) return 'stale';
    if (protection === undefined) return 'ok';
    return this.#nonces.use(fresh, Number.parseInt(protection.nc, 16)) ? 'ok' : 'replayed';
  }
}

/** Absent for the form of RFC 2069. auth-int was not offered and is not taken. */
function protectionOf({ qop, nc, cnonce }: DigestCredentials, body: Uint8Array): Protection | undefined | 'malformed' {
  if (qop === undefined) return undefined;
  if (qop.toLowerCase() !== 'auth' || nc === undefined || cnonce === undefined) return 'malformed';
  return isCount(nc) ? { qop: 'auth', nc, cnonce, body } : 'malformed';
}

const countDigits = /^[0-9a-fA-F]{8}$/;

function isCount(nc: string): boolean {
  return countDigits.test(nc) && Number.parseInt(nc, 16) > 0;
}

function isFor(digestUri: string, { uri, knownUri }: DigestRequest): boolean {
  if (digestUri === uri) return true;
  const [claimed, actual] = [parseUri(digestUri), parseUri(uri)];
  if (!(claimed instanceof Malformed) && !(actual instanceof Malformed) && sameUri(claimed, actual)) return true;
  return knownUri?.(digestUri) ?? false;
}
