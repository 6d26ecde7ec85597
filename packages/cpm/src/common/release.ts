import { readOnce } from '@opencpm/payloads';

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

export interface ReleasePolicy {
  /** The oldest release that is served; undefined serves every one. */
  readonly minRelease: CpmRelease | undefined;
  /** What becomes of a peer that announces none, when there is an oldest one. */
  readonly unknownRelease: 'accept' | 'refuse';
}

/** Whether who sends these User-Agent values is served (B-8.3.1.1-02, E-8.2.1.2-02, wire facts 3). */
export function servesRelease(userAgent: string | undefined, { minRelease, unknownRelease }: ReleasePolicy): boolean {
  if (minRelease === undefined) return true;
  const release = releaseIn(userAgent);
  if (release === undefined) return unknownRelease === 'accept';
  return release.major > minRelease.major || (release.major === minRelease.major && release.minor >= minRelease.minor);
}
