import { z } from 'zod';

import { parseListenAddress } from './listen-address.ts';
import { documented, durationSetting } from './setting.ts';

const listenForm = 'a TCP listen address with a port of its own such as "tcp://10.0.0.1:5080"';

const listenAddress = z.string().transform((text, context) => {
  const parsed = parseListenAddress(text);
  if (parsed.kind === 'address' && parsed.address.transport === 'TCP' && parsed.address.port !== 0) return parsed.address;
  context.issues.push({ code: 'custom', message: parsed.kind === 'address' ? `must be ${listenForm}` : parsed.text, input: text });
  return z.NEVER;
});

/** One of several servers on one PostgreSQL. */
export const cluster = z.strictObject({
  node: documented(
    z
      .string()
      .regex(/^[A-Za-z0-9-]{1,32}$/)
      .optional(),
    {
      text: 'The name of this node. Each node on a database has another one, and keeps it when it is started again.',
      form: 'a name of letters, digits and - (at most 32)',
      fallback: '(none: one server has the database for itself)',
      example: 'a',
    },
  ),
  listen: documented(listenAddress.optional(), {
    text: 'Where the other nodes reach this one, over TCP and with `?advertise=HOST:PORT` as in `listen`. For nodes only: keep it from everybody else.',
    form: listenForm,
    fallback: '(none)',
    example: 'tcp://10.0.0.1:5080',
  }),
  lease: durationSetting({
    text: 'After so long without a sign of life a node counts as dead, and another one takes over its clients and its work. The same for all nodes.',
    fallback: '6s',
    minimum: '2s',
    maximum: '60s',
    source: 'Three signs of life in that time; a pause of the machine must not be taken for a death.',
  }),
});
