import { z } from 'zod';

/** The shapes of ../message-store-administration.ts as they come over the socket. */
export const storedMessageSummary = z.object({
  uid: z.number(),
  folder: z.string(),
  direction: z.enum(['sent', 'received']),
  conversationId: z.string().exactOptional(),
  imdnMessageId: z.string().exactOptional(),
  storedAt: z.string(),
  sizeOctets: z.number(),
});

export const storedMessage = storedMessageSummary.extend({ text: z.string() });
