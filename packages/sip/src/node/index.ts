export * from './clock.ts';
export * from './create-node-endpoint.ts';
export * from './dns.ts';
export * from './hashes.ts';
export * from './limits.ts';
export * from './network.ts';
export * from './octets.ts';
export * from './random.ts';
