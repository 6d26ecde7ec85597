/** Where a request for a SIP URI goes (RFC 3263 §4): decided over a resolver, without I/O of its own. */
import type { Via } from '../message/headers/via.ts';
import type { DnsFault, DnsResolver, HostPort, Random, TransportName } from '../platform.ts';
import { isIpv4, isIpv6 } from '../uri/host.ts';
import type { SipUri } from '../uri/uri.ts';
import { type AddressFamily, preferFamilies } from './locate-families.ts';
import { type NamedService, namedServices } from './locate-naptr.ts';
import { inOrderOfService } from './locate-srv.ts';

export interface LocateOptions {
  readonly random: Random;
  /** What can be sent over, liked best first; a URI or NAPTR record that asks for another transport is not served. */
  readonly transports?: readonly TransportName[];
  /** Families that have a listener here, liked best first; addresses of the others come last. IPv4 and IPv6 when left out. */
  readonly families?: readonly AddressFamily[];
  /**
   * True: maddr names the host to ask for (RFC 3263 §4). DEVIATION: it is ignored when left out, because with it whoever
   * writes a URI would turn a request for a domain that we serve to somebody else.
   */
  readonly followsMaddr?: boolean;
  readonly limits?: Partial<LocateLimits>;
}

/** A zone may hold any number of records; this is how many of them one request looks at. */
export interface LocateLimits {
  /** Services that NAPTR records of one domain name. */
  readonly services: number;
  /** Servers that SRV records of one service name. */
  readonly servers: number;
  /** Addresses of one host. */
  readonly addresses: number;
  /** Places to try altogether. */
  readonly targets: number;
}

/** Generous against real zones, which have one to six of each. */
export const defaultLocateLimits: LocateLimits = { services: 4, servers: 16, addresses: 8, targets: 32 };

/** One place to try. */
export interface LocatedServer {
  readonly transport: TransportName;
  /** `host` is an address. */
  readonly address: HostPort;
  /** The name that led to the address, which a certificate would have to bear; the address where none did. */
  readonly host: string;
}

export type Located =
  /** In the order in which to try them; at least one. */
  | { readonly kind: 'located'; readonly servers: readonly LocatedServer[] }
  /** The domain says that there is nobody, or says nothing. */
  | { readonly kind: 'nowhere'; readonly reason: string }
  /** The URI asks for a transport that is not spoken here. */
  | { readonly kind: 'unsupported'; readonly reason: string }
  | DnsFault;

/** RFC 3261 §19.1.2. */
const defaultPort = 5060;
const bothTransports: readonly TransportName[] = ['UDP', 'TCP'];

/** Never rejects. The number of questions is bounded by the limits: nothing that an answer says is followed twice. */
export function locateServers(uri: SipUri, dns: DnsResolver, options: LocateOptions): Promise<Located> {
  return new Lookup(dns, options).locate(uri);
}

/**
 * Where a response goes when neither its connection nor the address that its request came from takes it: to the sent-by
 * of the top Via, by SRV records of its transport when it names no port (RFC 3263 §5). maddr is not followed.
 */
export function locateReply(via: Pick<Via, 'host' | 'port' | 'transport'>, dns: DnsResolver, options: LocateOptions): Promise<Located> {
  return new Lookup(dns, options).locateReply(via);
}

class Lookup {
  readonly #dns: DnsResolver;
  readonly #options: LocateOptions;
  readonly #limits: LocateLimits;
  readonly #transports: readonly TransportName[];
  /** What the resolver could not tell: only of interest when nothing else leads anywhere. */
  #fault: DnsFault | undefined;
  /** True when a domain said that a service is not there. */
  #declined = false;

  constructor(dns: DnsResolver, options: LocateOptions) {
    this.#dns = dns;
    this.#options = options;
    this.#limits = { ...defaultLocateLimits, ...options.limits };
    this.#transports = options.transports ?? bothTransports;
  }

  async locate(uri: SipUri): Promise<Located> {
    // TLS comes with a later issue; sips must not be sent over anything else (RFC 3261 §26.2.2).
    if (uri.secure) return { kind: 'unsupported', reason: 'a sips URI needs TLS' };
    const parameter = uri.parameters.get('transport');
    const asked = parameter === undefined ? undefined : this.#spoken(String(parameter));
    if (asked === undefined && parameter !== undefined) return notSpoken(String(parameter));
    const target = this.#targetOf(uri);
    return this.#outcome(await this.#servers(target, uri.port, asked), target);
  }

  async locateReply({ host, port, transport }: Pick<Via, 'host' | 'port' | 'transport'>): Promise<Located> {
    const asked = this.#spoken(transport);
    return asked === undefined ? notSpoken(transport) : this.#outcome(await this.#servers(host, port, asked), host);
  }

  #spoken(name: string): TransportName | undefined {
    return this.#transports.find((transport) => transport === name.toUpperCase());
  }

  #targetOf({ host, parameters }: SipUri): string {
    const maddr = this.#options.followsMaddr === true ? parameters.get('maddr') : undefined;
    return typeof maddr === 'string' ? withoutBrackets(maddr) : host;
  }

  async #servers(target: string, port: number | undefined, asked: TransportName | undefined): Promise<readonly LocatedServer[]> {
    // RFC 3263 §4.1: a number or a port leaves nothing to ask about the transport, which is then UDP.
    if (isAddress(target) || port !== undefined) return this.#hostServers(target, port ?? defaultPort, asked ?? this.#usual);
    if (asked !== undefined) return this.#ofServices([serviceOf(target, asked)], target, asked);
    const named = namedServices(this.#records(await this.#dns.naptr(target)), this.#transports).slice(0, this.#limits.services);
    if (named.length > 0) return this.#ofServices(named, target, this.#usual);
    const usual = this.#transports.map((transport) => serviceOf(target, transport));
    return this.#ofServices(usual, target, this.#usual);
  }

  /** UDP for sip, where it is spoken (RFC 3263 §4.1). */
  get #usual(): TransportName {
    return this.#transports.includes('UDP') ? 'UDP' : (this.#transports[0] ?? 'UDP');
  }

  /** The servers of SRV records, service by service; without any record the domain is itself the host (RFC 3263 §4.2). */
  async #ofServices(services: readonly NamedService[], target: string, usual: TransportName): Promise<readonly LocatedServer[]> {
    const found = await Promise.all(services.map((service) => this.#serviceServers(service)));
    const servers = found.flatMap((outcome) => outcome ?? []);
    if (servers.length > 0 || found.some((outcome) => outcome !== undefined)) return servers;
    return this.#hostServers(target, defaultPort, usual);
  }

  /** Undefined when there is no SRV record. */
  async #serviceServers({ name, transport }: NamedService): Promise<readonly LocatedServer[] | undefined> {
    const answer = await this.#dns.srv(name);
    const records = this.#records(answer);
    if (records.length === 0) return 'kind' in answer ? [] : undefined;
    const offered = records.filter(({ target, port }) => target !== '' && target !== '.' && port > 0);
    if (offered.length === 0) this.#declined = true;
    const ordered = inOrderOfService(offered, this.#options.random).slice(0, this.#limits.servers);
    const servers = await Promise.all(ordered.map(({ target, port }) => this.#hostServers(target, port, transport)));
    return servers.flat();
  }

  async #hostServers(host: string, port: number, transport: TransportName): Promise<readonly LocatedServer[]> {
    const addresses = isAddress(host) ? [host] : this.#records(await this.#dns.addresses(host));
    return preferFamilies(addresses, this.#options.families)
      .slice(0, this.#limits.addresses)
      .map((address) => ({ transport, address: { host: address, port }, host }));
  }

  #records<T>(answer: readonly T[] | DnsFault): readonly T[] {
    if (!('kind' in answer)) return answer;
    // Of several faults a passing one counts: what is lasting about the others may not matter then.
    if (this.#fault?.temporary !== true) this.#fault = answer;
    return [];
  }

  #outcome(servers: readonly LocatedServer[], target: string): Located {
    if (servers.length > 0) return { kind: 'located', servers: servers.slice(0, this.#limits.targets) };
    if (this.#fault !== undefined) return this.#fault;
    return { kind: 'nowhere', reason: this.#declined ? `${target} offers no SIP` : `${target} has no address` };
  }
}

function notSpoken(transport: string): Located {
  return { kind: 'unsupported', reason: `the transport ${transport} is not spoken here` };
}

function serviceOf(domain: string, transport: TransportName): NamedService {
  return { name: `_sip._${transport.toLowerCase()}.${domain}`, transport };
}

function isAddress(host: string): boolean {
  return isIpv4(host) || isIpv6(host);
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}
