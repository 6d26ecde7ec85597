import { Command } from 'commander';
import { z } from 'zod';

import type { UserSummary } from '../administration.ts';
import { addressProblem } from '../configuration/uri-settings.ts';
import { withAdministration } from './administration-access.ts';
import { newPassword } from './demo.ts';
import { done, exitCodes, failed, type Outcome, outcomeOf } from './outcome.ts';
import { columns, printable } from './output.ts';
import type { RunCommand } from './run-command.ts';
import type { CommandRun } from './surroundings.ts';
import { listCommands } from './user-lists.ts';
import { ruleCommand } from './user-rules.ts';

export function userCommand(runCommand: RunCommand): Command {
  const add = new Command('add')
    .argument('<name>', 'what the user authenticates with')
    .option('--password <password>', 'a password of your choice; one is made and shown when left out')
    .option('--identity <uri...>', 'sip and tel URIs that reach the user; sip:NAME@DOMAIN when left out')
    .description('Adds a user to the database.')
    .addHelpText('after', '\nExamples:\n  opencpm user add dave\n  opencpm user add erin --identity sip:erin@example.net tel:+15550005')
    .action(runCommand(addUser));
  const list = new Command('list').description('Lists all users and where their clients are.').action(runCommand(listUsers));
  const remove = new Command('remove')
    .argument('<name>')
    .description('Removes a user with his registrations and everything that waits for him.')
    .action(runCommand(removeUser));
  const user = new Command('user').description('Users, also while the server runs');
  for (const command of [add, list, remove, ruleCommand(runCommand), ...listCommands(runCommand)]) user.addCommand(command);
  return user;
}

const addOptions = z.object({ password: z.string().min(1).optional(), identity: z.array(z.string()).default([]) });

async function addUser(run: CommandRun, name = ''): Promise<Outcome<void>> {
  const options = addOptions.safeParse(run.options);
  if (!options.success) return failed(exitCodes.usage, '--password is empty (leave it out to have one made).');
  const { identity: identities } = options.data;
  for (const identity of identities) {
    const problem = addressProblem(identity);
    if (problem !== undefined) return failed(exitCodes.usage, `--identity ${identity}: ${problem}`);
  }
  const password = options.data.password ?? newPassword();
  const add = withAdministration(
    run,
    async ({ administration }) => outcomeOf(await administration.addUser({ user: name, password, identities })),
    true,
  );
  const added = await add;
  if (added.kind === 'failed') return added;
  const shown = options.data.password === undefined ? { password } : {};
  const text = `Added ${name} (${added.value.identities.join(', ')})${options.data.password === undefined ? `, password ${password}` : ''}.`;
  run.output.report({ ...added.value, ...shown }, text);
  return done(undefined);
}

async function listUsers(run: CommandRun): Promise<Outcome<void>> {
  const users = await withAdministration(run, async ({ administration }) => outcomeOf(await administration.users()));
  if (users.kind === 'failed') return users;
  if (users.value.length === 0) run.output.say('No users yet (add one: opencpm user add NAME).');
  else run.output.say(columns([['USER', 'FROM', 'WAITING', 'CLIENTS', 'IDENTITIES'], ...users.value.map(userRow)]));
  for (const user of users.value) run.output.record(user);
  return done(undefined);
}

function userRow(user: UserSummary): readonly string[] {
  const live = user.bindings.filter((binding) => !binding.unreachable).length;
  const clients = live === user.bindings.length ? String(live) : `${live} of ${user.bindings.length}`;
  return [printable(user.user), user.source, String(user.waiting), clients, printable(user.identities.join(' '))];
}

async function removeUser(run: CommandRun, name = ''): Promise<Outcome<void>> {
  const removed = await withAdministration(run, async ({ administration }) => outcomeOf(await administration.removeUser(name)));
  if (removed.kind === 'failed') return removed;
  run.output.report(removed.value, `Removed ${name}.`);
  return done(undefined);
}
