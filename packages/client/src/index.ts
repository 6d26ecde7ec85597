/** A CPM Client: registers, sends and receives standalone messages in pager mode, notifies their senders. */

export type { CpmService } from './cpm.ts';
export * from './cpm-client.ts';
export * from './options.ts';
export * from './outcomes.ts';
export * from './platform.ts';
export * from './receiving/received.ts';
export type { OutgoingContent, SendOptions } from './sending/outgoing.ts';
