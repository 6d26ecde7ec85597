/** A whole server as a library: for embedding, for tests and for simulation. The command line is in main.ts. */
export * from './administration.ts';
export * from './configuration/configuration.ts';
export { defaultConfiguration } from './configuration/default-configuration.ts';
export { createServer, type Server } from './create-server.ts';
export type { HttpAnswer, LogFile, ObservationPlatform } from './observability/observation-platform.ts';
export { type Log, type LogFields, product, productVersion, type ServerPlatform } from './platform.ts';
export * from './preferences-administration.ts';
