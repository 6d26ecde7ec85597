import type { UserId } from '@opencpm/cpm';
import { userId } from '@opencpm/cpm';
import { callIdHeader, type Hashes, routeHeader, type SipRequest } from '@opencpm/sip';

/** Enough that nobody finds one by trying, or two clients have the same. */
const sealDigits = 32;
const clientDigits = 32;

/** `node-SEAL-OWNER-CLIENT`, all hexadecimal. */
const tokenForm = /^node-([0-9a-f]{32})-([0-9a-f]+)-([0-9a-f]{32})$/;

/** Which client of a node a request is for, and the branch that it is to be sent with. */
export interface NodeRoute {
  readonly owner: UserId;
  /** Whether that one is meant. */
  isFor(client: string): boolean;
  readonly branch: string | undefined;
}

/**
 * Route values by which a node hands a request to another one that has the client's flow. The seal is a keyed digest over
 * Call-ID, client and branch: only a process on the same database can write one, so nobody else is obeyed, on whatever
 * listener it comes.
 */
export class NodeRoutes {
  readonly #hashes: Hashes;
  readonly #key: Uint8Array;
  readonly #encoder = new TextEncoder();

  /** `key` is the secret of the installation. */
  constructor(hashes: Hashes, key: string) {
    this.#hashes = hashes;
    this.#key = this.#encoder.encode(`node route ${key}`);
  }

  /** The value of Route for that request. */
  issue(request: SipRequest, { owner, client, branch }: { owner: UserId; client: string; branch: string | undefined }): string {
    const place = `${Buffer.from(owner).toString('hex')}-${this.#digest(`${owner}\n${client}`, clientDigits)}`;
    const end = branch === undefined ? '' : `;branch=${branch}`;
    return `<sip:node-${this.#seal(request, place, branch)}-${place}@node.invalid;lr${end}>`;
  }

  /** Undefined for a request that no node has written. */
  read(request: SipRequest): NodeRoute | undefined {
    const [first] = request.headers.all(routeHeader).value ?? [];
    if (first === undefined || first.uri.kind !== 'sip') return undefined;
    const [, seal, hexOwner = '', digest] = tokenForm.exec(first.uri.user ?? '') ?? [];
    if (seal === undefined) return undefined;
    const written = first.uri.parameters.get('branch');
    const branch = typeof written === 'string' ? written : undefined;
    if (this.#seal(request, `${hexOwner}-${digest}`, branch) !== seal) return undefined;
    const owner = userId(Buffer.from(hexOwner, 'hex').toString());
    return { owner, branch, isFor: (client) => this.#digest(`${owner}\n${client}`, clientDigits) === digest };
  }

  #seal({ headers }: SipRequest, place: string, branch: string | undefined): string {
    return this.#digest(`${headers.value(callIdHeader) ?? ''}\n${place}\n${branch ?? ''}`, sealDigits);
  }

  #digest(text: string, digits: number): string {
    return this.#hashes.hmacHex(this.#key, this.#encoder.encode(text)).slice(0, digits);
  }
}
