import { isIP } from 'node:net';
import type { DnsFault, DnsResolver, NaptrRecord, SrvRecord } from '@opencpm/sip';

/** What a name has; what is left out it has not. */
export interface DnsZoneEntry {
  readonly naptr?: readonly NaptrRecord[];
  readonly srv?: readonly SrvRecord[];
  readonly addresses?: readonly string[];
}

/** The domain name system of a virtual network: the same for every host, answering at once and from no cache. */
export class VirtualDns implements DnsResolver {
  /** What was asked, in order: `SRV _sip._udp.example.net`. */
  readonly questions: string[] = [];
  readonly #zone = new Map<string, DnsZoneEntry>();
  readonly #faults = new Map<string, DnsFault>();

  /** Adds to what a name has; a kind of record that is there already is replaced. */
  set(name: string, entry: DnsZoneEntry): void {
    const key = name.toLowerCase();
    this.#zone.set(key, { ...this.#zone.get(key), ...entry });
  }

  /** From now on questions about that name are answered with a fault; undefined ends that. */
  fail(name: string, fault: DnsFault | undefined): void {
    if (fault === undefined) this.#faults.delete(name.toLowerCase());
    else this.#faults.set(name.toLowerCase(), fault);
  }

  async naptr(name: string): Promise<readonly NaptrRecord[] | DnsFault> {
    return this.#ask('NAPTR', name) ?? this.#entry(name).naptr ?? [];
  }

  async srv(name: string): Promise<readonly SrvRecord[] | DnsFault> {
    return this.#ask('SRV', name) ?? this.#entry(name).srv ?? [];
  }

  async addresses(name: string): Promise<readonly string[] | DnsFault> {
    if (isIP(name) !== 0) return [name];
    return this.#ask('A', name) ?? this.#entry(name).addresses ?? [];
  }

  #ask(kind: string, name: string): DnsFault | undefined {
    this.questions.push(`${kind} ${name}`);
    return this.#faults.get(name.toLowerCase());
  }

  #entry(name: string): DnsZoneEntry {
    return this.#zone.get(name.toLowerCase()) ?? {};
  }
}
