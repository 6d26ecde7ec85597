import type { z } from 'zod';
import type { AdministrationResult } from '../administration-result.ts';
import type { MessageStoreAdministration } from '../message-store-administration.ts';
import { storedMessage, storedMessageSummary } from './message-store-codec.ts';

type Ask = <Value>(shape: z.ZodType<Value>, method: string, path: string) => Promise<AdministrationResult<Value>>;

/** The message stores of users as the server on the socket shows them. */
export function messageStoreOver(ask: Ask): MessageStoreAdministration {
  const path = (user: string) => `/v1/users/${encodeURIComponent(user)}/store`;
  return {
    list: (user, limit) => ask(storedMessageSummary.array(), 'GET', `${path(user)}?limit=${limit}`),
    show: (user, uid) => ask(storedMessage, 'GET', `${path(user)}/${uid}`),
  };
}
