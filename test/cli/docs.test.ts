// What the pages for people name exists: commands, files, links.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { VERBS } from '#services/cli/verbs.ts';
import { wordsOfLine } from './command.ts';

const PAGES = [
  'README.md',
  'docs/consent.md',
  'docs/erasure.md',
  'docs/paper.md',
  'docs/when-things-go-wrong.md',
  'docs/operating.md',
];

/** Commands in code, whole or the noun and verb alone. */
function commandsIn(text: string): string[] {
  const joined = text.replaceAll(/ \\\n\s*/g, ' ');
  const inline = [...joined.matchAll(/`(srx [a-z][^`\n]*)`/g)].map(([, line = '']) => line);
  const blocks = [...joined.matchAll(/^(?:npx )?(srx [a-z].*)$/gm)].map(([, line = '']) => line);
  return [...inline, ...blocks];
}

function isCommand(line: string): boolean {
  const [, ...argv] = wordsOfLine(line.split(/ [|>#]/)[0] ?? '');
  const [noun = '', name = ''] = argv;
  const isVerb = VERBS.some((verb) => [verb.noun, verb.name].join(' ').trim() === noun);
  const isPair = VERBS.some((verb) => verb.noun === noun && verb.name === name);
  const isNoun = argv.length === 1 && VERBS.some((verb) => verb.noun === noun);
  const isHelp = argv.at(-1) === '--help' && VERBS.some((verb) => verb.noun === noun);
  if (isNoun || isHelp) return true;
  if (!isVerb && !isPair) return false;
  const flags = argv.filter((word) => word.startsWith('--'));
  const options = VERBS.filter(
    (verb) =>
      (verb.noun === noun && verb.name === name) ||
      [verb.noun, verb.name].join(' ').trim() === noun,
  ).flatMap((verb) => Object.keys(verb.options ?? {}));
  const global = ['folder', 'json', 'plain', 'help', 'no-color', 'no-input'];
  return flags.every((flag) => [...options, ...global].includes(flag.slice(2).split('=')[0] ?? ''));
}

describe.each(PAGES)('%s', (page) => {
  it('names commands and flags that there are', async () => {
    const commands = commandsIn(await readFile(page, 'utf8'));
    expect(commands.filter((line) => !isCommand(line))).toEqual([]);
    expect(commands.length).toBeGreaterThan(0);
  });

  it('names files that there are', async () => {
    const text = await readFile(page, 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, to = '']) =>
      join(dirname(page), to),
    );
    const paths = [...text.matchAll(/`((?:src|test|proto|deploy|docs)\/[\w./-]+)`/g)].map(
      ([, to = '']) => to,
    );
    expect([...links, ...paths].filter((path) => !existsSync(path))).toEqual([]);
  });
});
