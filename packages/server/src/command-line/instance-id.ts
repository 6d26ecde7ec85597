import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * The +sip.instance of the command line's client for one identity on this machine (RFC 5626 §4.1), the same at every
 * run: a UUID of version 8 (RFC 9562 §5.8) out of a hash. `role` keeps `send` and `listen` apart, which may run at once.
 */
export function instanceId(role: 'send' | 'listen', identity: string, machine = machineName()): string {
  const digest = createHash('sha256').update(`opencpm ${role}\0${machine}\0${identity}`).digest();
  digest[6] = (digest.readUInt8(6) & 0x0f) | 0x80;
  digest[8] = (digest.readUInt8(8) & 0x3f) | 0x80;
  const hex = digest.toString('hex', 0, 16);
  const groups = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return `<urn:uuid:${groups.join('-')}>`;
}

/** What stays the same when the machine starts again; hashed before it leaves this process (machine-id(5)). */
function machineName(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim() || hostname();
  } catch {
    return hostname();
  }
}
