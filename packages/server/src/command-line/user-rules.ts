import { Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import type { Administration, AdministrationResult } from '../administration.ts';
import { type PreferencesSummary, type RuleSummary, ruleActions, ruleMedia } from '../preferences-administration.ts';
import { withAdministration } from './administration-access.ts';
import { done, type Outcome, outcomeOf } from './outcome.ts';
import { columns, printable } from './output.ts';
import type { RunCommand } from './run-command.ts';
import type { CommandRun } from './surroundings.ts';

const addExamples = `
Examples:
  opencpm user rule add bob --action do-not-disturb --valid-until 2026-01-16T06:00:00Z
  opencpm user rule add bob --action reject --from sip:mallory@example.net
  opencpm user rule add bob --action reject --others
  opencpm user rule add bob --action forward --forward-to tel:+15550077
  opencpm user rule add bob --action record
  opencpm user rule add bob --expired store`;

/** `opencpm user rule …`: what becomes of messages that come for a user (wire facts 12.3). */
export function ruleCommand(runCommand: RunCommand): Command {
  const add = new Command('add')
    .argument('<user>')
    .addOption(
      new Option('--action <action...>', 'what is done with a message; several are tried in the order in which they stand here').choices(
        ruleActions,
      ),
    )
    .option('--from <uri...>', 'holds for messages of these sip and tel URIs; for everybody’s when left out')
    .option('--others', 'holds for messages of people whom no rule of the user names')
    .addOption(new Option('--media <what...>', 'what the rule is about; when left out, what the action is about').choices(ruleMedia))
    .option('--valid-from <time>', 'does not hold before', time)
    .option('--valid-until <time>', 'does not hold from then on', time)
    .option('--forward-to <uri>', 'where the action forward sends messages')
    .addOption(new Option('--expired <what>', 'what becomes of deferred messages at their expiry').choices(['discard', 'store']))
    .description('Adds a rule to those of a user. It counts from now on.')
    .addHelpText('after', addExamples)
    .action(runCommand(addRule));
  const list = new Command('list')
    .argument('<user>')
    .description('Lists the rules of a user, whom he blocks, and profiles of his devices.')
    .action(runCommand(listRules));
  const remove = new Command('remove')
    .argument('<user>')
    .argument('<id>', 'as `rule list` shows it')
    .description('Removes a rule.')
    .action(runCommand(removeRule));
  return new Command('rule').description('Rules for the messages that come for a user').addCommand(add).addCommand(list).addCommand(remove);
}

function time(text: string): string {
  if (Number.isNaN(Date.parse(text))) throw new InvalidArgumentError('It is a time such as 2026-01-15T22:00:00Z.');
  return new Date(text).toISOString();
}

const addOptions = z.object({
  action: z.array(z.enum(ruleActions)).default([]),
  from: z.array(z.string()).default([]),
  others: z.boolean().default(false),
  media: z.array(z.enum(ruleMedia)).exactOptional(),
  validFrom: z.string().exactOptional(),
  validUntil: z.string().exactOptional(),
  forwardTo: z.string().exactOptional(),
  expired: z.enum(['discard', 'store']).exactOptional(),
});

async function addRule(run: CommandRun, user = ''): Promise<Outcome<void>> {
  const { action: actions, ...rule } = addOptions.parse(run.options);
  const added = await asked(run, ({ preferences }) => preferences.addRule(user, { ...rule, actions }));
  if (added.kind === 'failed') return added;
  run.output.report(added.value, `Added rule ${added.value.id}: ${printable(ruleText(added.value))}.`);
  return done(undefined);
}

async function listRules(run: CommandRun, user = ''): Promise<Outcome<void>> {
  const preferences = await asked(run, (administration) => administration.preferences.of(user));
  if (preferences.kind === 'failed') return preferences;
  run.output.report(preferences.value, preferencesText(preferences.value));
  return done(undefined);
}

async function removeRule(run: CommandRun, user = '', id = ''): Promise<Outcome<void>> {
  const changed = await asked(run, ({ preferences }) => preferences.removeRule(user, id));
  if (changed.kind === 'failed') return changed;
  run.output.report(changed.value, `Removed rule ${printable(id)} of ${printable(user)}.`);
  return done(undefined);
}

/** Asks the running server, or the database when none runs. */
export function asked<T>(run: CommandRun, ask: (administration: Administration) => Promise<AdministrationResult<T>>): Promise<Outcome<T>> {
  return withAdministration(run, async ({ administration }) => outcomeOf(await ask(administration)));
}

function preferencesText({ rules, blocked, profiles, maySend }: PreferencesSummary): string {
  const table =
    rules.length === 0
      ? 'No rules: every message is delivered.'
      : columns([['ID', 'ACTION', 'FROM', 'ABOUT', 'VALID'], ...rules.map(ruleRow)]);
  const lines = [table];
  if (blocked.length > 0) lines.push(`Blocked: ${printable(blocked.join(' '))}`);
  for (const { instance, media } of profiles)
    lines.push(`Device ${printable(instance)} gets ${media.length === 0 ? 'nothing' : media.join(' ')}.`);
  if (!maySend) lines.push('May not send (opencpm user unbar lets him).');
  return lines.join('\n');
}

function ruleRow(rule: RuleSummary): readonly string[] {
  return [rule.id, actionText(rule), fromText(rule), rule.media.join(' ') || '-', validText(rule)].map(printable);
}

function ruleText(rule: RuleSummary): string {
  return `${actionText(rule)} for ${fromText(rule)}, ${validText(rule)}`;
}

function actionText({ actions, forwardTo, expired }: RuleSummary): string {
  const words = actions.map((action) => (action === 'forward' ? `forward to ${forwardTo ?? ''}` : action));
  return [...words, ...(expired === undefined ? [] : [`${expired} what has expired`])].join(', ');
}

function fromText({ from }: RuleSummary): string {
  return typeof from === 'string' ? from : from.join(' ');
}

/** The years 1970 and 275760 stand for no beginning and no end. */
function validText({ valid, holds }: RuleSummary): string {
  if (valid.length === 0) return 'always';
  const periods = valid.map(({ from, until }) =>
    [from.startsWith('1970-') ? '' : `from ${from}`, until.startsWith('+') ? '' : `until ${until}`].filter((text) => text !== '').join(' '),
  );
  return `${periods.join(' and ')}${holds ? '' : ' (not now)'}`;
}
