import type { Configuration } from './configuration.ts';
import { resolveConfiguration } from './resolve.ts';
import { configurationSchema } from './schema.ts';

/** What a file with nothing but a domain in it gives; relative paths start at `directory`. */
export function defaultConfiguration(domain: string, directory = '.'): Configuration {
  return resolveConfiguration(configurationSchema.parse({ domain }), directory);
}
