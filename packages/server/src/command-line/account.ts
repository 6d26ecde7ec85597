import { AdministrationUnreachable, connectAdministration } from '../admin/connect-administration.ts';
import type { Administration, UserCredentials } from '../administration.ts';
import type { ConfiguredUser, ListenAddress } from '../configuration/configuration.ts';
import { formatListenAddress, parseServerAddress } from '../configuration/listen-address.ts';
import { addressDomain, addressKey } from '../configuration/uri-settings.ts';
import { destination } from './destination.ts';
import { type LocatedConfiguration, locateConfiguration } from './located-configuration.ts';
import { done, exitCodes, failed, type Outcome, outcomeOf } from './outcome.ts';
import type { CommandRun } from './surroundings.ts';

/** As whom, with which secret and through which server the command line sends and listens. */
export interface Account {
  readonly identity: string;
  readonly username: string;
  readonly secret: { readonly password: string } | { readonly ha1: UserCredentials['ha1'] & { readonly realm: string } };
  readonly server: Pick<ListenAddress, 'transport' | 'host' | 'port'>;
  /** What a bare name belongs to. */
  readonly domain: string;
}

export interface AccountOptions {
  /** A user name, or an identity. */
  readonly as: string;
  readonly password?: string | undefined;
  /** Another server than that of the configuration: `udp://HOST:PORT`. */
  readonly server?: string | undefined;
}

/** The variable that holds a password, so that it does not stand in the list of processes. */
export const passwordVariable = 'OPENCPM_PASSWORD';

/**
 * With a password: the user of the configured (or named) server with that password. Without: what the running server
 * gives out on its socket, which only the operator may open; else the password in the configuration file.
 */
export async function findAccount(run: CommandRun, options: AccountOptions): Promise<Outcome<Account>> {
  const located = locateConfiguration(run);
  if (located.kind === 'failed') return located;
  const password = options.password ?? run.surroundings.environment[passwordVariable];
  if (password !== undefined) return accountWithPassword(located.value, options, password);
  if (options.server !== undefined) return failed(exitCodes.usage, `--server needs a password (--password, or ${passwordVariable}).`);
  const connected = await connectAdministration(located.value.administrationSocket).catch((error: unknown) => {
    if (error instanceof AdministrationUnreachable) return error;
    throw error;
  });
  if (connected instanceof AdministrationUnreachable) return failed(exitCodes.fault, connected.message);
  if (connected === undefined) return configuredAccount(located.value, options);
  const name = await userNameAt(connected, located.value, options.as);
  const credentials = name.kind === 'failed' ? name : outcomeOf(await connected.credentials(name.value));
  return credentials.kind === 'failed' ? credentials : accountFromServer(located.value, options, credentials.value);
}

/** An identity belongs to one user; a name is that of the user himself. */
async function userNameAt(administration: Administration, located: LocatedConfiguration, as: string): Promise<Outcome<string>> {
  if (!isIdentity(as)) return done(as);
  const identity = destination(as, located.configuration.domain);
  if (identity.kind === 'failed') return identity;
  const users = outcomeOf(await administration.users());
  if (users.kind === 'failed') return users;
  const owner = users.value.find((user) => hasIdentity(user, identity.value));
  return owner === undefined ? failed(exitCodes.refused, `Nobody has the identity ${identity.value}.`) : done(owner.user);
}

function accountFromServer(located: LocatedConfiguration, { as }: AccountOptions, credentials: UserCredentials): Outcome<Account> {
  const { configuration } = located;
  const server = serverOf(credentials.listen.map(parseServerAddress));
  if (server === undefined) return failed(exitCodes.fault, 'The server listens nowhere.');
  const first = credentials.identities.find((identity) => addressDomain(identity) !== undefined) ?? credentials.identities[0];
  const identity = isIdentity(as)
    ? destination(as, configuration.domain)
    : done(first ?? `sip:${credentials.user}@${configuration.domain}`);
  if (identity.kind === 'failed') return identity;
  const secret = { ha1: { ...credentials.ha1, realm: credentials.realm } };
  return done({ identity: identity.value, username: credentials.user, secret, server, domain: domainOf(identity.value, located) });
}

function configuredAccount(located: LocatedConfiguration, options: AccountOptions): Outcome<Account> {
  const user = configuredUser(located, options.as);
  if (user !== undefined) return accountWithPassword(located, options, user.password);
  const text = `No server answers on ${located.administrationSocket} (start one: npx opencpm start, or give --server and --password).`;
  return failed(exitCodes.fault, text);
}

function accountWithPassword(located: LocatedConfiguration, { as, server: named }: AccountOptions, password: string): Outcome<Account> {
  const server = named === undefined ? serverOf(located.configuration.listen) : parseServerAddress(named);
  if (server === undefined)
    return failed(exitCodes.usage, `--server ${named}: is no server address (write for example udp://192.0.2.7:5060)`);
  if (server.port === 0) return failed(exitCodes.usage, 'The port of the server is not known (name it with --server).');
  const user = configuredUser(located, as);
  const written = isIdentity(as) ? as : (user?.identities[0] ?? as);
  const identity = destination(written, located.configuration.domain);
  if (identity.kind === 'failed') return identity;
  const username = user?.user ?? as.replace(/^(?:sips?|tel):/i, '').split('@')[0] ?? as;
  return done({ identity: identity.value, username, secret: { password }, server, domain: domainOf(identity.value, located) });
}

function configuredUser(located: LocatedConfiguration, as: string): ConfiguredUser | undefined {
  const { users, domain } = located.configuration;
  const identity = isIdentity(as) ? destination(as, domain) : undefined;
  return users.find(({ user, identities }) => {
    const own = identities.length > 0 ? identities : [`sip:${user}@${domain}`];
    return user === as || (identity?.kind === 'done' && hasIdentity({ identities: own }, identity.value));
  });
}

function hasIdentity(user: { readonly identities: readonly string[] }, identity: string): boolean {
  return user.identities.some((own) => addressKey(own) === addressKey(identity));
}

function isIdentity(as: string): boolean {
  return as.includes(':') || as.includes('@') || as.startsWith('+');
}

function domainOf(identity: string, located: LocatedConfiguration): string {
  return addressDomain(identity) ?? located.configuration.domain;
}

/** UDP first. A server that listens on every address of this machine is reached on loopback. */
function serverOf(addresses: readonly (Account['server'] | undefined)[]): Account['server'] | undefined {
  const known = addresses.filter((address) => address !== undefined);
  const chosen = known.find((address) => address.transport === 'UDP') ?? known[0];
  if (chosen === undefined) return undefined;
  const { transport, port } = chosen;
  const host = new Map([
    ['0.0.0.0', '127.0.0.1'],
    ['::', '::1'],
  ]).get(chosen.host);
  return { transport, host: host ?? chosen.host, port };
}

/** For messages: `udp://127.0.0.1:5060`. */
export function serverName(account: Account): string {
  return formatListenAddress(account.server);
}
