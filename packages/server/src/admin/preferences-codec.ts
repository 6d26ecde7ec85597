import { z } from 'zod';
import { ruleActions, ruleMedia } from '../preferences-administration.ts';

/** The shapes of ../preferences-administration.ts as they come over the socket, in both directions. */
const media = z.array(z.enum(ruleMedia)).max(ruleMedia.length);
const address = z.string().min(1).max(512);
const time = z.string().max(64);

export const newRule = z.strictObject({
  actions: z.array(z.enum(ruleActions)).max(ruleActions.length),
  from: z.array(address).max(1000),
  others: z.boolean(),
  media: media.exactOptional(),
  validFrom: time.exactOptional(),
  validUntil: time.exactOptional(),
  forwardTo: address.exactOptional(),
  expired: z.enum(['discard', 'store']).exactOptional(),
});

export const contact = z.strictObject({ uri: address });

export const newProfile = z.strictObject({ media });

export const ruleSummary = z.object({
  id: z.string(),
  actions: z.array(z.enum(ruleActions)),
  from: z.union([z.enum(['everybody', 'others']), z.array(z.string())]),
  media,
  valid: z.array(z.object({ from: z.string(), until: z.string() })),
  forwardTo: z.string().exactOptional(),
  expired: z.enum(['discard', 'store']).exactOptional(),
  holds: z.boolean(),
});

export const preferencesSummary = z.object({
  user: z.string(),
  maySend: z.boolean(),
  rules: z.array(ruleSummary),
  blocked: z.array(z.string()),
  profiles: z.array(z.object({ instance: z.string(), media })),
});
