import { lookup as lookUp, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { DnsResolver, NaptrRecord, SrvRecord } from '../platform.ts';
import { DnsCache, type DnsFinding } from './dns-cache.ts';

export interface NodeDnsOptions {
  /** `192.0.2.53`, `192.0.2.53:5353`, `[2001:db8::53]:53`; those of the system when left out or empty. */
  readonly servers?: readonly string[];
  /**
   * What the machine itself knows of a name: hosts file, search list, local names. Left out: the system's resolver. May
   * reject when it knows nothing.
   */
  readonly lookup?: (name: string) => Promise<readonly string[]>;
  readonly limits?: Partial<DnsLimits>;
}

/** What keeps the time and memory of looking up names bounded. */
export interface DnsLimits {
  /** How long one try with one server may take. Milliseconds. */
  readonly tryMilliseconds: number;
  readonly tries: number;
  /** Answers kept of each kind: NAPTR, SRV, addresses. */
  readonly entries: number;
  /** Names of one kind that are looked up at a time. */
  readonly pending: number;
  /** However long a record says that it is true. Seconds. */
  readonly longestSeconds: number;
  /** For NAPTR and SRV records and for names that the system knows: their time to live is not told. Seconds. */
  readonly unknownSeconds: number;
  /** For a name that does not exist, or has no such record (RFC 2308 §5). Seconds. */
  readonly negativeSeconds: number;
  /** For a question that could not be answered (RFC 2308 §7). Seconds. */
  readonly faultSeconds: number;
}

export const defaultDnsLimits: DnsLimits = {
  // Both tries end before the first retransmissions of a sender have made him doubt (Timer E, RFC 3261 §17.1.2.2).
  tryMilliseconds: 2_000,
  tries: 2,
  entries: 10_000,
  pending: 256,
  longestSeconds: 3_600,
  unknownSeconds: 60,
  negativeSeconds: 30,
  faultSeconds: 5,
};

/** The domain name system as Node's resolver sees it, with a cache. Names of the machine itself (/etc/hosts) count as addresses. */
export function nodeDns(options: NodeDnsOptions = {}): DnsResolver {
  const limits = { ...defaultDnsLimits, ...options.limits };
  const questions = new Questions(limits, options);
  const cache = { entries: limits.entries, pending: limits.pending, now: () => performance.now() };
  const naptr = new DnsCache<NaptrRecord>(cache, (name) => questions.naptr(name));
  const srv = new DnsCache<SrvRecord>(cache, (name) => questions.srv(name));
  const addresses = new DnsCache<string>(cache, (name) => questions.addresses(name));
  return {
    naptr: (name) => naptr.ask(name),
    srv: (name) => srv.ask(name),
    addresses: (name) => (isIP(name) === 0 ? addresses.ask(name) : Promise.resolve([name])),
  };
}

class Questions {
  readonly #limits: DnsLimits;
  readonly #resolver: Resolver;
  readonly #lookup: (name: string) => Promise<readonly string[]>;

  constructor(limits: DnsLimits, { servers = [], lookup = systemLookup }: NodeDnsOptions) {
    this.#limits = limits;
    this.#lookup = lookup;
    this.#resolver = new Resolver({ timeout: limits.tryMilliseconds, tries: limits.tries });
    if (servers.length > 0) this.#resolver.setServers(servers);
  }

  naptr(name: string): Promise<DnsFinding<NaptrRecord>> {
    return this.#finding(async () => {
      const records = await this.#resolver.resolveNaptr(name);
      return {
        answer: records.map(({ order, preference, flags, service, regexp, replacement }) => {
          return { order, preference, flags, service, regexp, replacement };
        }),
        seconds: this.#limits.unknownSeconds,
      };
    });
  }

  srv(name: string): Promise<DnsFinding<SrvRecord>> {
    return this.#finding(async () => {
      const records = await this.#resolver.resolveSrv(name);
      return {
        answer: records.map(({ priority, weight, port, name: target }) => ({ priority, weight, port, target })),
        seconds: this.#limits.unknownSeconds,
      };
    });
  }

  /** A name without a dot is first of all one of the machine or its search list; others are so when nobody else knows them. */
  async addresses(name: string): Promise<DnsFinding<string>> {
    const local = name.includes('.') ? undefined : await this.#known(name);
    if (local !== undefined) return local;
    const [six, four] = await Promise.all([
      this.#finding(async () => this.#timed(await this.#resolver.resolve6(name, { ttl: true }))),
      this.#finding(async () => this.#timed(await this.#resolver.resolve4(name, { ttl: true }))),
    ]);
    const both = together(six, four);
    const isKnown = !('kind' in both.answer) && both.answer.length > 0;
    return isKnown || !name.includes('.') ? both : ((await this.#known(name)) ?? both);
  }

  #timed(records: readonly { readonly address: string; readonly ttl: number }[]): DnsFinding<string> {
    const seconds = Math.min(this.#limits.longestSeconds, ...records.map(({ ttl }) => ttl));
    return { answer: records.map(({ address }) => address), seconds };
  }

  /** What the system says, hosts file and all; undefined when it knows nothing in time. */
  async #known(name: string): Promise<DnsFinding<string> | undefined> {
    const { tryMilliseconds, tries, unknownSeconds } = this.#limits;
    const late = Promise.withResolvers<readonly string[]>();
    const timer = setTimeout(() => late.resolve([]), tryMilliseconds * tries);
    const addresses = await Promise.race([this.#lookup(name).catch(() => []), late.promise]);
    clearTimeout(timer);
    return addresses.length === 0 ? undefined : { answer: addresses, seconds: unknownSeconds };
  }

  async #finding<T>(ask: () => Promise<DnsFinding<T>>): Promise<DnsFinding<T>> {
    try {
      return await ask();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      if (code === 'ENOTFOUND' || code === 'ENODATA') return { answer: [], seconds: this.#limits.negativeSeconds };
      // A name that cannot stand in a question stays so; what a server or the way to it did may pass.
      return { answer: { kind: 'fault', temporary: code !== 'EBADNAME', reason: code }, seconds: this.#limits.faultSeconds };
    }
  }
}

async function systemLookup(name: string): Promise<readonly string[]> {
  return (await lookUp(name, { all: true, order: 'verbatim' })).map(({ address }) => address);
}

/** One family that is known counts, whatever became of the question for the other. */
function together(six: DnsFinding<string>, four: DnsFinding<string>): DnsFinding<string> {
  const found = [six, four].filter(({ answer }) => !('kind' in answer) && answer.length > 0);
  const faulty = [six, four].find(({ answer }) => 'kind' in answer);
  if (found.length === 0) return faulty ?? four;
  const addresses = found.flatMap(({ answer }) => ('kind' in answer ? [] : answer));
  return {
    answer: addresses,
    seconds: Math.min(...found.map(({ seconds }) => seconds), ...(faulty === undefined ? [] : [faulty.seconds])),
  };
}
