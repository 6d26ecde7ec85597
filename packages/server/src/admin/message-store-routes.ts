import { z } from 'zod';
import { maxQueueRows } from './limits.ts';
import { answer, type Route, refusal, route } from './route.ts';

const rows = z.coerce.number().int().min(1).max(maxQueueRows);
const uid = z.coerce.number().int().min(1);

/** What can be asked of the message store of a user, one row for each method of `MessageStoreAdministration`. */
export const messageStoreRoutes: readonly Route[] = [
  route('GET', '/users/:name/store', async ({ messageStore }, { query }, name) => {
    const limit = rows.safeParse(query.get('limit'));
    if (!limit.success) return refusal(400, `The limit is a whole number from 1 to ${maxQueueRows}.`);
    return answer(await messageStore.list(name, limit.data));
  }),
  route('GET', '/users/:name/store/:uid', async ({ messageStore }, { segments }, name) => {
    const wanted = uid.safeParse(segments.at(-1));
    if (!wanted.success) return refusal(400, 'A UID is a whole number from 1.');
    return answer(await messageStore.show(name, wanted.data));
  }),
];
