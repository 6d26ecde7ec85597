import { Command, Option } from 'commander';
import { z } from 'zod';
import type { AdministrationResult } from '../administration.ts';
import type { PreferencesAdministration, PreferencesSummary } from '../preferences-administration.ts';
import { done, type Outcome } from './outcome.ts';
import { printable } from './output.ts';
import type { RunCommand } from './run-command.ts';
import type { CommandRun } from './surroundings.ts';
import { asked } from './user-rules.ts';

/** What is said of users in one word: whom they block, which devices get messages, who may not send. */
export function listCommands(runCommand: RunCommand): readonly Command[] {
  const block = contactCommand('block', 'Refuses messages of that sip or tel URI to the user (403).');
  const unblock = contactCommand('unblock', 'Takes messages of that URI again.');
  const bar = userCommand('bar', 'Lets the user send no messages (403). He still gets them.');
  const unbar = userCommand('unbar', 'Lets the user send messages again.');
  return [
    block.action(
      runCommand((run, user = '', uri = '') => changed(run, (to) => to.block(user, uri), `${user} gets no messages of ${uri} any more.`)),
    ),
    unblock.action(
      runCommand((run, user = '', uri = '') => changed(run, (to) => to.unblock(user, uri), `${user} gets messages of ${uri} again.`)),
    ),
    bar.action(runCommand((run, user = '') => changed(run, (to) => to.setBarred(user, true), `${user} may not send.`))),
    unbar.action(runCommand((run, user = '') => changed(run, (to) => to.setBarred(user, false), `${user} may send.`))),
    profileCommand(runCommand),
  ];
}

type Change = (preferences: PreferencesAdministration) => Promise<AdministrationResult<PreferencesSummary>>;

function contactCommand(name: string, description: string): Command {
  return new Command(name).argument('<user>').argument('<uri>').description(description);
}

function userCommand(name: string, description: string): Command {
  return new Command(name).argument('<user>').description(description);
}

/** The profile that is active on one device of a user (wire facts 12.4). */
function profileCommand(runCommand: RunCommand): Command {
  return new Command('device')
    .argument('<user>')
    .argument('<instance>', 'the +sip.instance with which the device registers, such as urn:uuid:…')
    .addOption(new Option('--gets <what>', 'messages, or nothing').choices(['messages', 'nothing']).makeOptionMandatory())
    .description('Says whether a device of the user gets his messages. One of which nothing is said gets them.')
    .addHelpText('after', '\nExample:\n  opencpm user device bob urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6 --gets nothing')
    .action(runCommand(setDevice));
}

const deviceOptions = z.object({ gets: z.enum(['messages', 'nothing']) });

function setDevice(run: CommandRun, user = '', instance = ''): Promise<Outcome<void>> {
  const { gets } = deviceOptions.parse(run.options);
  const media = gets === 'messages' ? undefined : [];
  return changed(run, (preferences) => preferences.setProfile(user, instance, media), `The device ${instance} of ${user} gets ${gets}.`);
}

async function changed(run: CommandRun, change: Change, text: string): Promise<Outcome<void>> {
  const preferences = await asked(run, (administration) => change(administration.preferences));
  if (preferences.kind === 'failed') return preferences;
  run.output.report(preferences.value, printable(text));
  return done(undefined);
}
