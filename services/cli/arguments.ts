// From the words of a command line to a verb and its flags. What does not fit
// is refused with what was probably meant.
import { parseArgs } from 'node:util';

import { nearest } from '#model/nearest-name.ts';

import { Flags } from './flags.ts';
import { looksLikeToken } from './token-file.ts';
import { UsageError } from './usage-error.ts';
import { GLOBAL_OPTIONS, type Options, type Verb, wordsOf } from './verb.ts';

export type Asked =
  | { kind: 'run'; verb: Verb; operands: string[]; flags: Flags }
  | { kind: 'help'; topic: readonly string[]; isWrong: boolean };

/** @throws UsageError */
export function readArguments(argv: readonly string[], verbs: readonly Verb[]): Asked {
  // Before anything else is said of it.
  argv.forEach(refuseSecret);
  const { words, rest } = splitWords(argv, verbs);
  const verb = verbs.find((one) => wordsOf(one) === words.join(' '));
  const asksHelp = argv.includes('--help') || argv.includes('-h');
  if (words[0] === 'help') return { kind: 'help', topic: topicOf(rest), isWrong: false };
  if (asksHelp) {
    if (!verb) refuseUnknown(words, verbs);
    return { kind: 'help', topic: words, isWrong: false };
  }
  if (verb) return { kind: 'run', verb, ...readFlags(verb, rest) };
  const [noun] = words;
  if (noun === undefined) {
    if (rest.includes('--version')) return readArguments(['version'], verbs);
    readTokens({ ...GLOBAL_OPTIONS }, rest);
    return { kind: 'help', topic: [], isWrong: true };
  }
  refuseUnknown(words, verbs);
  return { kind: 'help', topic: words, isWrong: true };
}

/** The verb's words stand first, but for global flags before them. */
function splitWords(argv: readonly string[], verbs: readonly Verb[]) {
  const rest = [...argv];
  const words: string[] = [];
  for (let at = 0; at < rest.length && words.length < 2; ) {
    const word = rest[at] ?? '';
    if (word.startsWith('-') && word !== '-') {
      const takesNext = GLOBAL_OPTIONS[word.slice(2)]?.value !== undefined;
      at += takesNext ? 2 : 1;
      continue;
    }
    words.push(word);
    rest.splice(at, 1);
    const isWhole = word === 'help' || verbs.some((verb) => wordsOf(verb) === words.join(' '));
    const isNoun = verbs.some((verb) => verb.noun === word);
    if (isWhole || (words.length === 1 && !isNoun)) break;
  }
  return { words, rest };
}

function topicOf(rest: readonly string[]): string[] {
  return rest.filter((word) => !word.startsWith('-')).slice(0, 2);
}

/** @throws UsageError for words that lead to no noun and no verb. */
export function refuseUnknown(words: readonly string[], verbs: readonly Verb[]): void {
  const [first, second] = words;
  if (first === undefined || verbs.some((verb) => wordsOf(verb) === words.join(' '))) return;
  const ofNoun = verbs.filter((verb) => verb.noun === first);
  if (ofNoun.length > 0) {
    if (second === undefined) return;
    const names = ofNoun.map((verb) => verb.name);
    throw new UsageError(
      `${first}: no verb ${shown(second)}.${meant(second, names)} See srx ${first} --help.`,
    );
  }
  const firsts = [...new Set(verbs.map((verb) => verb.noun || verb.name))];
  if (firsts.includes(first)) return;
  throw new UsageError(`No command ${shown(first)}.${meant(first, firsts)} See srx --help.`);
}

function readFlags(verb: Verb, rest: readonly string[]): { operands: string[]; flags: Flags } {
  const options = { ...GLOBAL_OPTIONS, ...verb.options };
  const { operands, values } = readTokens(options, rest);
  const wanted = verb.operands ?? [];
  const missing = wanted.find((operand, index) => !operand.optional && index >= operands.length);
  const words = wordsOf(verb);
  if (missing) {
    throw new UsageError(`${missing.name} is missing: ${missing.help}. See srx ${words} --help.`);
  }
  if (operands.length > wanted.length) {
    throw new UsageError(
      `${words} takes ${wanted.length === 0 ? 'no operand' : `${wanted.length} operand(s)`}, not ${operands.length}. See srx ${words} --help.`,
    );
  }
  return { operands, flags: new Flags(values) };
}

function readTokens(options: Options, rest: readonly string[]) {
  const types = Object.fromEntries(
    Object.entries(options).map(([name, { value }]) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  const { tokens } = parseArgs({
    args: [...rest],
    options: types,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const operands: string[] = [];
  const values = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (!option || !token.rawName.startsWith('--')) refuseOption(token.rawName, options);
    const value = valueOf(token.name, option, token.value, token.inlineValue === true);
    const before = values.get(token.name) ?? [];
    if (before.length > 0 && !option?.many) throw new UsageError(`--${token.name} stands twice.`);
    values.set(token.name, [...before, value]);
  }
  return { operands, values };
}

function valueOf(
  name: string,
  option: Options[string] | undefined,
  value: string | undefined,
  isInline: boolean,
): string {
  if (option?.value === undefined) {
    if (value !== undefined) throw new UsageError(`--${name} takes no value.`);
    return '';
  }
  const isNextFlag = !isInline && value !== undefined && value.startsWith('-') && value !== '-';
  if (value === undefined || value === '' || isNextFlag) {
    throw new UsageError(`--${name} needs a value: --${name} ${option.value}.`);
  }
  if (option.choices && !option.choices.includes(value)) {
    const close = nearest(value, option.choices);
    const hint = close ? ` Did you mean ${close}?` : '';
    throw new UsageError(`--${name} must be one of ${option.choices.join(', ')}.${hint}`);
  }
  return value;
}

const SECRET_NAMES = /^--?(.*-)?(token|password|passphrase|secret|key|pin|credentials?)$/i;

function refuseOption(rawName: string, options: Options): never {
  const names = Object.keys(options).map((name) => `--${name}`);
  if (SECRET_NAMES.test(rawName)) {
    const instead = names.filter((name) => name.endsWith('-file') && !name.startsWith('--ca'));
    const how = instead.length > 0 ? ` and name that: ${instead.join(', ')}` : '';
    throw new UsageError(
      `No secret stands in a flag, where other users of this machine can read it. Keep it in a file of mode 0600${how}.`,
    );
  }
  throw new UsageError(`No flag ${shown(rawName)} here.${meant(rawName, names)}`);
}

function meant(word: string, known: readonly string[]): string {
  const close = nearest(word, known);
  return close === undefined ? '' : ` Did you mean ${close}?`;
}

/** The word itself is not repeated. */
function refuseSecret(word: string): void {
  if (!looksLikeToken(word.replace(/^--?[a-z-]+=/, ''))) return;
  throw new UsageError(
    'A staff token stands in the command, where other users of this machine can read it, and the history keeps it. Keep it in a file of mode 0600, name the file, and have a new token made.',
  );
}

// What was typed may be a secret or a name that slipped in: letters only, cut.
function shown(word: string): string {
  return /^[a-zA-Z-]{1,32}$/.test(word) ? `"${word}"` : 'of this name';
}
