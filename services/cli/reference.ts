// docs/cli.md, made from the table of verbs: what runs is what is written there.
import { EXIT_MEANINGS } from './exit-codes.ts';
import { flagRows } from './help.ts';
import { commandLines } from './text.ts';
import { CONNECTION_OPTIONS, GLOBAL_OPTIONS, type Options, type Verb, wordsOf } from './verb.ts';
import { ACT_OPTIONS } from './verbs/referral-acts.ts';
import { VERBS } from './verbs.ts';

export function cliReference(): string {
  return [
    '# The command line',
    'Made from the program by `npm run schemas`; `srx COMMAND --help` says the same.',
    ...VERBS.map(verbPart),
    '## Flags of every act',
    '`referral request` and `referral release` take no `--grant`: theirs come from the consent records.',
    table(['flag', 'what'], flagRows(ACT_OPTIONS)),
    '## Flags of every command',
    table(['flag', 'what'], flagRows(GLOBAL_OPTIONS)),
    '## Flags of every command that talks to a node',
    table(['flag', 'what'], flagRows(CONNECTION_OPTIONS)),
    '## Exit codes',
    table(['code', 'meaning'], Object.entries(EXIT_MEANINGS)),
  ]
    .join('\n\n')
    .concat('\n');
}

function verbPart(verb: Verb): string {
  const options = Object.entries(verb.options ?? {});
  const has = (shared: Options) => options.some(([name]) => name in shared);
  const own = options.filter(([name]) => !(name in CONNECTION_OPTIONS) && !(name in ACT_OPTIONS));
  const rows = [
    ...(verb.operands ?? []).map(({ name, help }): [string, string] => [name, help]),
    ...flagRows(Object.fromEntries(own)),
  ];
  return [
    `## srx ${wordsOf(verb)}`,
    [
      `It ${verb.summary}.`,
      ...(has(ACT_OPTIONS) ? ['It is an act.'] : []),
      ...(has(CONNECTION_OPTIONS) ? ['It talks to a node.'] : []),
    ].join(' '),
    `\`\`\`\n${verb.examples.flatMap((line) => commandLines(line)).join('\n')}\n\`\`\``,
    ...(rows.length === 0 ? [] : [table(['operand or flag', 'what'], rows)]),
  ].join('\n\n');
}

function table(head: [string, string], rows: readonly (readonly [string, string])[]): string {
  const all = [head, ['---', '---'] as const, ...rows.map(([name, what]) => [`\`${name}\``, what])];
  return all
    .map((cells) => `| ${cells.map((cell) => (cell ?? '').replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}
