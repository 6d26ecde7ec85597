import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { pagerMessage } from '../framework/pager-message.ts';
import { fact, proof, report } from '../framework/property.ts';
import type { Scenario } from '../framework/scenario.ts';
import { reportBy, requestSentBy } from '../framework/selector.ts';
import { deliveryFromBob, registeredSdk } from './sdk.ts';

const external = requestSentBy('core', 'MESSAGE', { label: 'external' });
const attached = requestSentBy('core', 'MESSAGE', { label: 'attached' });

/** A message that only refers to its content, and one that says how its content is to be presented. */
export const clientHandling: Scenario = {
  name: 'a client handles what a message holds',
  async run(world) {
    const visits: string[] = [];
    const web = createServer((request, response) => {
      visits.push(request.url ?? '');
      response.end();
    });
    world.closeLater(() => void web.close());
    const core = await world.core();
    const { received } = await registeredSdk(world, core, { deliveryNotifications: 'manual' });
    const url = `http://127.0.0.1:${await listen(web)}/picture.jpg`;
    const link = `message/external-body;access-type=URL;URL="${url}"`;
    world.note('unvisited', `${url}, visited 0 times`);
    await core.request(
      pagerMessage({
        ...deliveryFromBob({ text: 'Content-Type: image/jpeg\r\n\r\n', messageId: 'm3' }),
        label: 'external',
        contentType: link,
      }),
    );
    await core.request(
      pagerMessage({ ...deliveryFromBob({ text: 'a note', messageId: 'm4' }), label: 'attached', disposition: 'attachment' }),
    );
    await world.expect(reportBy('SDK', 'm4'));
    world.report('SDK', 'link', { link: `${received[0]?.content.externalUrl}, visited ${visits.length} times` });
  },
  tests: [
    {
      name: 'external content is shown as a link, and the disposition of a message is followed',
      proofs: [
        proof(
          ['A-7.2.2.3-02'],
          reportBy('SDK', 'link'),
          report('link', { message: external, part: { part: 'mime', name: 'Content-Type' } }).equals(fact('unvisited')),
        ),
        proof(
          ['A-7.2.2.3-01'],
          reportBy('SDK', 'm4'),
          report('disposition', { message: attached, part: { part: 'mime', name: 'Content-Disposition' } }).equals('attachment'),
        ),
      ],
    },
  ],
};

async function listen(web: Server): Promise<number> {
  web.listen(0, '127.0.0.1');
  await once(web, 'listening');
  const bound = web.address();
  if (bound === null || typeof bound === 'string') throw new TypeError('a web server has an address and a port');
  return bound.port;
}
