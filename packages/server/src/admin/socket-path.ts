import { relative } from 'node:path';

import { maxSocketPathBytes } from './limits.ts';

/**
 * The path to give to the kernel, which takes only short ones: the absolute path, or the one from here when that is
 * shorter and the absolute one too long. Undefined when both are too long.
 */
export function usableSocketPath(path: string): string | undefined {
  return [path, relative(process.cwd(), path)].find((candidate) => Buffer.byteLength(candidate) <= maxSocketPathBytes);
}
