// Help, made from the table of verbs: examples first, on every level.
import { EXIT_MEANINGS } from './exit-codes.ts';
import { block, columns, commandLines } from './text.ts';
import { GLOBAL_OPTIONS, type Options, type Verb, wordsOf } from './verb.ts';

/** `topic` is empty, a noun, or the words of a verb. */
export function helpText(topic: readonly string[], verbs: readonly Verb[]): string {
  const verb = verbs.find((one) => wordsOf(one) === topic.join(' '));
  if (verb) return helpOfVerb(verb);
  const [noun] = topic;
  return noun === undefined ? helpOfAll(verbs) : helpOfNoun(noun, verbs);
}

function helpOfAll(verbs: readonly Verb[]): string {
  return page([
    ['Examples', ['srx demo', 'srx init --help', 'srx case validate FILE', 'srx inbox'].map(shift)],
    ['Commands', columns(byNoun(verbs))],
    ['Flags of every command', columns(flagRows(GLOBAL_OPTIONS))],
    ['Exit codes', columns(Object.entries(EXIT_MEANINGS))],
    ['More', ['  srx COMMAND --help says what it takes, with examples.']],
  ]);
}

function byNoun(verbs: readonly Verb[]): [string, string][] {
  const rows = new Map<string, string>();
  for (const verb of verbs) {
    if (verb.noun === '') {
      rows.set(verb.name, verb.summary);
      continue;
    }
    const before = rows.get(verb.noun);
    rows.set(verb.noun, before === undefined ? verb.name : `${before}, ${verb.name}`);
  }
  return [...rows];
}

function helpOfNoun(noun: string, verbs: readonly Verb[]): string {
  const ofNoun = verbs.filter((verb) => verb.noun === noun);
  return page([
    ['Examples', ofNoun.slice(0, 4).flatMap((verb) => commandLines(verb.examples[0], '  '))],
    ['Verbs', columns(ofNoun.map((verb) => [`${noun} ${verb.name}`, verb.summary]))],
    ['More', [`  srx ${noun} VERB --help says what it takes.`]],
  ]);
}

function helpOfVerb(verb: Verb): string {
  const operands = verb.operands ?? [];
  const names = operands.map(({ name, optional }) => (optional ? `[${name}]` : name));
  const usage = ['srx', wordsOf(verb), ...names, '[flags]'].join(' ');
  return page([
    ['Examples', verb.examples.flatMap((line) => commandLines(line, '  '))],
    ['What it does', block(verb.summary, '  ')],
    ['Usage', [shift(usage)]],
    ['Operands', columns(operands.map(({ name, help }) => [name, help]))],
    ['Flags', columns(flagRows(verb.options ?? {}))],
    ['Flags of every command', columns(flagRows(GLOBAL_OPTIONS))],
  ]);
}

export function flagRows(options: Options): [string, string][] {
  return Object.entries(options).map(([name, { value, help, many, choices }]) => {
    const said = choices ? `${help}: ${choices.join(', ')}` : help;
    const flag = value === undefined ? `--${name}` : `--${name} ${value}`;
    return [flag, many ? `${said}; may stand several times` : said];
  });
}

function page(parts: readonly (readonly [string, readonly string[]])[]): string {
  return parts
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => `${title}\n${lines.join('\n')}\n`)
    .join('\n');
}

function shift(line: string): string {
  return `  ${line}`;
}
