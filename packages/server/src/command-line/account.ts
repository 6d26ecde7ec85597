import { AdministrationUnreachable, connectAdministration } from '../admin/connect-administration.ts';
import type { UserCredentials } from '../administration.ts';
import type { ListenAddress } from '../configuration/configuration.ts';
import { formatListenAddress, parseServerAddress } from '../configuration/listen-address.ts';
import { addressDomain } from '../configuration/uri-settings.ts';
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
  const credentials = outcomeOf(await connected.credentials(userNameOf(options.as)));
  return credentials.kind === 'failed' ? credentials : accountFromServer(located.value, options, credentials.value);
}

function accountFromServer(located: LocatedConfiguration, options: AccountOptions, credentials: UserCredentials): Outcome<Account> {
  const server = serverOf(credentials.listen.map(parseServerAddress));
  if (server === undefined) return failed(exitCodes.fault, 'The server listens nowhere.');
  const chosen = options.as.includes(':') ? options.as : credentials.identities.find((identity) => addressDomain(identity) !== undefined);
  const identity = chosen ?? credentials.identities[0] ?? `sip:${credentials.user}@${located.configuration.domain}`;
  const secret = { ha1: { ...credentials.ha1, realm: credentials.realm } };
  return done({ identity, username: credentials.user, secret, server, domain: addressDomain(identity) ?? located.configuration.domain });
}

function configuredAccount(located: LocatedConfiguration, options: AccountOptions): Outcome<Account> {
  const user = located.configuration.users.find((candidate) => candidate.user === userNameOf(options.as));
  if (user !== undefined) return accountWithPassword(located, options, user.password);
  const text = `No server answers on ${located.administrationSocket} (start one: npx opencpm start, or give --server and --password).`;
  return failed(exitCodes.fault, text);
}

function accountWithPassword(located: LocatedConfiguration, options: AccountOptions, password: string): Outcome<Account> {
  const { configuration } = located;
  const named = options.server === undefined ? undefined : parseServerAddress(options.server);
  if (options.server !== undefined && named === undefined) {
    return failed(exitCodes.usage, `--server ${options.server}: is no server address (write for example udp://192.0.2.7:5060)`);
  }
  const server = named ?? serverOf(configuration.listen);
  if (server === undefined || server.port === 0)
    return failed(exitCodes.usage, 'The port of the server is not known (name it with --server).');
  const username = userNameOf(options.as);
  const configured = configuration.users.find((user) => user.user === username)?.identities[0];
  const identity = options.as === username && configured !== undefined ? done(configured) : destination(options.as, configuration.domain);
  if (identity.kind === 'failed') return identity;
  const domain = addressDomain(identity.value) ?? configuration.domain;
  return done({ identity: identity.value, username, secret: { password }, server, domain });
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

/** `sip:bob@example.net` and `bob@example.net` authenticate as bob. */
function userNameOf(as: string): string {
  return as.replace(/^(?:sips?|tel):/i, '').split('@')[0] ?? as;
}

/** For messages: `udp://127.0.0.1:5060`. */
export function serverName(account: Account): string {
  return formatListenAddress(account.server);
}
