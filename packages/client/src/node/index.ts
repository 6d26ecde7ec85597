export * from './local-host.ts';
export * from './node-client-platform.ts';
