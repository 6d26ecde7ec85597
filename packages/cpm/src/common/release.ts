import { readOnce } from './repeated-texts.ts';

/**
 * Release tokens of Appendix D: `CPM-client/OMA2.1` of a client, `CPM-serv/OMA2.1` of a server, in User-Agent of
 * requests and Server of answers.
 */
export interface CpmRelease {
  readonly major: number;
  readonly minor: number;
}

/** The release whose conversation functions this code follows. */
export const ownRelease: CpmRelease = { major: 2, minor: 1 };

export function serverToken(product: string): string {
  return `CPM-serv/OMA${ownRelease.major}.${ownRelease.minor} ${product}`;
}

/** The first product of the text that is a CPM release; undefined for foreign or absent ones, which count as unknown. */
export function releaseIn(userAgent: string | undefined): CpmRelease | undefined {
  return userAgent === undefined ? undefined : releaseOf(userAgent).release;
}

const releaseOf = readOnce((userAgent): { readonly release?: CpmRelease } => {
  for (const product of userAgent.split(' ')) {
    const match = /^CPM-(?:client|serv)\/OMA(\d{1,3})\.(\d{1,3})$/i.exec(product);
    if (match) return { release: { major: Number(match[1]), minor: Number(match[2]) } };
  }
  return {};
});

/** An unknown release passes: only a CPM release below the minimum is refused (wire facts 3). */
export function meetsMinimum(release: CpmRelease | undefined, minimum: CpmRelease | undefined): boolean {
  if (release === undefined || minimum === undefined) return true;
  return release.major > minimum.major || (release.major === minimum.major && release.minor >= minimum.minor);
}
