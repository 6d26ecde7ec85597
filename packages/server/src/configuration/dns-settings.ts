import { isIP } from 'node:net';
import { z } from 'zod';
import { documented } from './setting.ts';

const nameServerForm = 'an IP address such as 192.0.2.53, with a port when it is not 53 (192.0.2.53:5353, [2001:db8::53]:5353)';

const nameServer = z.string().transform((text, context) => {
  if (isNameServer(text)) return text;
  context.issues.push({ code: 'custom', message: `must be ${nameServerForm}`, input: text });
  return z.NEVER;
});

/** How the names of next hops become addresses. */
export const dnsSettings = z.strictObject({
  servers: documented(
    z
      .array(documented(nameServer, { text: '', form: nameServerForm }))
      .max(8)
      .prefault([]),
    {
      text: 'Name servers that are asked for NAPTR, SRV, A and AAAA records, in this order. Those of the system when empty; names of its hosts file have addresses in any case.',
      form: 'a list of at most 8 addresses such as ["192.0.2.53", "[2001:db8::53]:5353"]',
      fallback: '[]',
      source: 'RFC 3263.',
    },
  ),
});

function isNameServer(text: string): boolean {
  const match = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([0-9.]{7,15}))(?::(\d{1,5}))?$/.exec(text);
  if (match === null) return isIP(text) === 6;
  const port = Number(match[3] ?? 53);
  return isIP(match[1] ?? match[2] ?? '') === (match[1] === undefined ? 4 : 6) && port > 0 && port <= 65_535;
}
