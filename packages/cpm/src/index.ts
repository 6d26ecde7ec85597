/**
 * The CPM functions, procedure by procedure, over ports. Start reading at
 * participating/terminating/pager-message.ts with B 8.3.1.1 beside it.
 */
export * from './common/addresses.ts';
export * from './common/answers.ts';
export * from './common/become-cpm-message.ts';
export * from './common/binding.ts';
export * from './common/cpm-headers.ts';
export * from './common/disposition/notification-of-function.ts';
export * from './common/identifiers.ts';
export * from './common/message-names.ts';
export * from './common/next-leg.ts';
export * from './common/release.ts';
export * from './common/service-tags.ts';
export * from './common/standalone-message.ts';
export * from './participating/deferred/client-refusal.ts';
export * from './participating/deferred/deferred-message.ts';
export * from './participating/deferred/expire-deferred-messages.ts';
export * from './participating/deferred/push-deferred-messages.ts';
export * from './participating/deferred/push-outcome.ts';
export * from './participating/originating/pager-message.ts';
export * from './participating/participating-ports.ts';
export { duplicateKey } from './participating/terminating/answer-once.ts';
export * from './participating/terminating/pager-message.ts';
export * from './participating/terminating/suitable-clients.ts';
export * from './participating/terminating/terminating-message.ts';
export * from './ports.ts';
export * from './preferences/preferences.ts';
export * from './recording/message-object.ts';
export * from './recording/message-store-recording.ts';
export * from './service-provider-policy.ts';
