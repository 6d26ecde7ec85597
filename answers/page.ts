import { describe } from './describe.ts';
import {
  type AnswerRow,
  type Client,
  type Configuration,
  type PeerAnswer,
  type RegisterRequest,
  type Section,
  usualSender,
} from './row.ts';
import { sections, usualConfiguration } from './table.ts';

/** docs/answers.md: the table with the command that reproduces each row. */
export function answersPage(): string {
  return `${[introduction, ...sections.map(sectionText)].join('\n\n')}\n`;
}

const introduction = `# Answers

<!-- Made from answers/ by \`npm run docs\`; change the rows there. -->

Which answer the sender of a pager-mode message gets in which situation, what the server keeps of it, and whether the server owes him a
disposition notification (those of clients are not listed). Every row is a test of \`npm test\` against a running server. \`npm run answers\`
reproduces all rows; the command in the last column reproduces one, and shows its wire lines.

alice writes to bob unless a row says otherwise. The configuration is the shipped one but for
\`${configurationText(usualConfiguration)}\` and the keys that a row names. A client is called by user and device (\`bob/phone\`) with what
it answers; other.test is a domain with a route, whose server is a trusted peer; the ISF is the Interworking Selection Function that \`isf\` names.`;

function sectionText({ title, text, rows }: Section): string {
  const head = ['Situation', 'Set-up', 'Answer', 'Kept', 'Notification', 'Says so', 'Reproduce'];
  return [`## ${title}`, '', text, '', line(head), line(head.map(() => '---')), ...rows.map(rowText)].join('\n');
}

function rowText(row: AnswerRow): string {
  const { answer, kept, notification } = describe(row.expected);
  const setUp = setUpOf(row).join('<br>') || '-';
  return line([row.situation, setUp, answer, kept, notification, row.clauses.join(', '), `\`npm run answers -- ${row.id}\``]);
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** What is set up for a row, an entry a line. */
export function setUpOf({
  configuration,
  commands = [],
  clients = {},
  isf,
  neighbour,
  sender = usualSender,
  request,
}: AnswerRow): readonly string[] {
  return [
    ...(configuration === undefined ? [] : [`\`${configurationText(configuration)}\``]),
    ...commands.map((words) => `\`opencpm ${words}\``),
    ...Object.entries(clients).map(([name, client]) => `${name}: ${clientText(client)}`),
    ...(isf === undefined ? [] : [`ISF: ${answerText(isf)}`]),
    ...(neighbour === undefined ? [] : [`other.test: ${answerText(neighbour)}`]),
    ...(sender.kind === 'user' && sender.name !== usualSender.name ? [`from ${sender.name}`] : []),
    ...(sender.kind === 'trusted peer' ? [`from other.test, asserting \`${sender.asserts}\``] : []),
    ...(request.method === 'REGISTER' ? registerText(request) : messageText(request)),
  ];
}

function configurationText(configuration: Configuration): string {
  const keys = Object.entries(configuration).flatMap(([group, members]) =>
    Object.entries(members ?? {}).map(([key, value]) => `${group}.${key}: ${yamlText(value)}`),
  );
  return keys.join(', ');
}

/** A text that YAML would read as a number stands in quotes. */
function yamlText(value: unknown): string {
  return typeof value === 'string' && /^[\d.]+$/.test(value) ? `"${value}"` : String(value);
}

function clientText(client: Client | PeerAnswer): string {
  if (typeof client !== 'object') return answerText(client);
  const { answers, presence, isPlain = false, retryAfter } = client;
  return [
    answerText(answers),
    ...(retryAfter === undefined ? [] : [`Retry-After ${retryAfter}`]),
    ...(presence === undefined ? [] : [presence]),
    ...(isPlain ? ['without CPM'] : []),
  ].join(', ');
}

function answerText(answer: PeerAnswer): string {
  if (answer === 'late') return '200 too late';
  return answer === 'text only' ? '415 to CPIM, 200 to text' : String(answer);
}

function messageText({
  to,
  from,
  asks,
  headers = {},
  earlier,
  times,
  atOnce,
}: Extract<AnswerRow['request'], { method: 'MESSAGE' }>): readonly string[] {
  return [
    ...(to === undefined ? [] : [`to \`${to}\``]),
    ...(from === undefined ? [] : [`From \`${from}\``]),
    ...Object.entries(headers).map(([name, value]) => `\`${name}: ${value}\``),
    ...(asks === undefined ? [] : [`asks for ${asks}`]),
    ...(earlier === undefined ? [] : [`${earlier} other before`]),
    ...(times === undefined ? [] : [`sent ${times} times`]),
    ...(atOnce === undefined ? [] : [`${atOnce} at once`]),
  ];
}

function registerText({ of, expiresSeconds }: RegisterRequest): readonly string[] {
  return [
    ...(of === undefined ? [] : [`To \`sip:${of}@cpm.test\``]),
    ...(expiresSeconds === undefined ? [] : [`\`Expires: ${expiresSeconds}\``]),
  ];
}
