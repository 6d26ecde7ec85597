/** The services of a domain (RFC 3263 §4.1): which SRV name to ask for which transport. */
import type { NaptrRecord, TransportName } from '../platform.ts';

/** A name with SRV records, and the transport that they are about. */
export interface NamedService {
  readonly name: string;
  readonly transport: TransportName;
}

/** RFC 3263 §4.1 and §8.1; SIPS+D2T and those of other transports (D2S, D2W) name what is not spoken here. */
const transportOfService: { readonly [service: string]: TransportName } = { 'SIP+D2U': 'UDP', 'SIP+D2T': 'TCP' };

/**
 * The services that can be used, best first. Of all records only those of the lowest order that has a usable one count
 * (RFC 3403 §4.1), by preference; where that is equal, the transport that is liked best here goes first.
 */
export function namedServices(records: readonly NaptrRecord[], transports: readonly TransportName[]): readonly NamedService[] {
  const usable = records.flatMap((record) => serviceOf(record, transports));
  const lowest = Math.min(...usable.map(({ order }) => order));
  const ofLowest = usable.filter(({ order }) => order === lowest);
  const liked = ({ transport }: NamedService) => transports.indexOf(transport);
  const sorted = ofLowest.toSorted((one, other) => one.preference - other.preference || liked(one) - liked(other));
  return sorted.filter(({ name }, index) => sorted.findIndex((earlier) => earlier.name === name) === index);
}

interface UsableService extends NamedService {
  readonly order: number;
  readonly preference: number;
}

/** Only the flag `s`, which ends the rewriting at an SRV name, is for SIP (RFC 3263 §4.1). */
function serviceOf(record: NaptrRecord, transports: readonly TransportName[]): readonly UsableService[] {
  const { order, preference, flags, service, regexp, replacement } = record;
  const transport = transportOfService[service.toUpperCase()];
  if (transport === undefined || !transports.includes(transport)) return [];
  if (flags.toLowerCase() !== 's' || regexp !== '' || replacement === '' || replacement === '.') return [];
  return [{ name: replacement.toLowerCase(), transport, order, preference }];
}
