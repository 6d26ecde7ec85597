import {
  answerChallenge,
  authorizationHeader,
  type Challenge,
  type DigestCredentials,
  type Hashes,
  type Headers,
  Malformed,
  proxyAuthenticateHeader,
  proxyAuthorizationHeader,
  type SipRequest,
  type SipResponse,
  wwwAuthenticateHeader,
} from '@opencpm/sip';
import type { Identifiers } from '../identifiers.ts';
import type { ClientOptions } from '../options.ts';

/** Whose challenges are answered together: a registrar's nonces say nothing to the proxy for other requests. */
const roles = {
  401: { challenge: wwwAuthenticateHeader, credentials: authorizationHeader },
  407: { challenge: proxyAuthenticateHeader, credentials: proxyAuthorizationHeader },
} as const;

type Role = keyof typeof roles;

/** A challenge that was answered, and how often. */
interface Answered {
  readonly challenges: readonly Challenge[];
  readonly cnonce: string;
  nonceCount: number;
}

export interface DigestUser {
  readonly username: string;
  readonly secret: Pick<ClientOptions, 'password' | 'ha1'>;
  readonly hashes: Hashes;
  readonly identifiers: Identifiers;
}

/**
 * The digest side of one kind of request (RFC 3261 §22, RFC 8760). After the first challenge credentials go along
 * unasked with the same nonce and a growing count, which saves the round trip until the server wants a new nonce.
 */
export class DigestAnswers {
  readonly #user: DigestUser;
  readonly #answered = new Map<Role, Answered>();

  constructor(user: DigestUser) {
    this.#user = user;
  }

  /** The request with credentials for what was asked before, if it was. */
  authorize(request: SipRequest): SipRequest {
    let { headers } = request;
    for (const [role, answered] of this.#answered) headers = this.#withCredentials(headers, request, role, answered);
    return headers === request.headers ? request : { ...request, headers };
  }

  /** Takes a 401 or 407 in. False when none of its challenges can be answered. */
  learn(response: SipResponse): boolean {
    const { status } = response;
    if (status !== 401 && status !== 407) return false;
    const challenges = challengesOf(response, status);
    if (!this.#canAnswer(challenges)) return false;
    this.#answered.set(status, { challenges, cnonce: this.#user.identifiers.tag(), nonceCount: 0 });
    return true;
  }

  #canAnswer(challenges: readonly Challenge[]): boolean {
    return this.#answer(challenges, { method: 'OPTIONS', uri: '', body: noBody }, { cnonce: '0', nonceCount: 1 }) !== undefined;
  }

  #withCredentials(headers: Headers, request: SipRequest, role: Role, answered: Answered): Headers {
    answered.nonceCount += 1;
    const credentials = this.#answer(answered.challenges, request, answered);
    return credentials === undefined ? headers : headers.with(roles[role].credentials, credentials);
  }

  #answer(
    challenges: readonly Challenge[],
    { method, uri, body }: Pick<SipRequest, 'method' | 'uri' | 'body'>,
    { cnonce, nonceCount }: Pick<Answered, 'cnonce' | 'nonceCount'>,
  ): DigestCredentials | undefined {
    const { username, secret, hashes } = this.#user;
    const { password, ha1 } = secret;
    return answerChallenge(challenges, {
      method,
      uri,
      body,
      username,
      hashes,
      cnonce,
      nonceCount,
      ...(password === undefined ? {} : { password }),
      ...(ha1 === undefined ? {} : { ha1: (algorithm, realm) => (realm === ha1.realm ? ha1[algorithm] : undefined) }),
    });
  }
}

const noBody = new Uint8Array(0);

/** Each line by itself: one that cannot be read does not hide the others. */
function challengesOf({ headers }: SipResponse, role: Role): readonly Challenge[] {
  const field = roles[role].challenge;
  return headers.texts(field.name).flatMap((text) => {
    const challenge = field.decode(text);
    return challenge instanceof Malformed ? [] : [challenge];
  });
}
