import { describe, expect, it } from 'vitest';

import { STEP_NAMES } from '#model/message.ts';
import { ACTS, verbOfStep } from '#services/cli/acts.ts';
import { readArguments } from '#services/cli/arguments.ts';
import { wordsOf } from '#services/cli/verb.ts';
import { VERBS } from '#services/cli/verbs.ts';

import { srx, wordsOfLine } from './command.ts';

const VERB_WORDS = VERBS.map(wordsOf);
const topics = [[], ...VERBS.map((verb) => wordsOf(verb).split(' '))];
const nouns = [...new Set(VERBS.flatMap(({ noun }) => noun || []))];

/** Words of an example, without what a shell keeps for itself. */
function argvOf(example: string): string[] {
  const [first = ''] = example.split(/ [|>]| 2>>/);
  const command = first.replace(/ < \S+$/, '').replace(/^(SRX_\w+=\S+ )+/, '');
  const [program, ...argv] = wordsOfLine(command);
  expect(program).toBe('srx');
  return argv;
}

describe('the table of verbs', () => {
  it('has every verb that a user was promised', () => {
    const promised =
      'init|serve|doctor|inbox|watch|verify|case import|case list|case show|case validate|' +
      'referral request|referral list|referral show|referral export|staff add|staff list|' +
      'staff remove|member list|member admit|member remove|member export';
    for (const words of promised.split('|')) expect(VERB_WORDS).toContain(words);
    expect(new Set(VERB_WORDS).size).toBe(VERB_WORDS.length);
  });

  it('has a verb for each step but a breach, and those that the node takes or does not keep yet', () => {
    const without = STEP_NAMES.filter((step) => verbOfStep(step) === undefined);
    expect(without.toSorted()).toEqual([
      'accessReported',
      'breachReported',
      'erasureConfirmed',
      'refused',
    ]);
    expect(VERB_WORDS).toContain('breach report');
    expect(VERB_WORDS).toEqual(expect.arrayContaining(ACTS.map(({ name }) => `referral ${name}`)));
  });

  it.each(VERBS.flatMap((verb) => verb.examples.map((example) => [example, verb] as const)))(
    'has an example that is understood: %s',
    (example, verb) => {
      expect(readArguments(argvOf(example), VERBS)).toMatchObject({ kind: 'run', verb });
    },
  );
});

describe('help', () => {
  it.each([...topics, ...nouns.map((noun) => [noun])])(
    'of srx %s %s begins with examples and keeps to 80 columns',
    async (...topic) => {
      const { code, out, err } = await srx([...topic, '--help']);
      expect([code, err]).toEqual([0, '']);
      expect(out).toMatch(/^Examples\n {2}srx /);
      expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
      expect(await srx(['help', ...topic])).toMatchObject({ code: 0, out });
    },
  );

  it('is shown for no command at all, as wrong use', async () => {
    const { code, out, err } = await srx([]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('Exit codes');
  });
});

describe('a command that is written wrongly', () => {
  it.each([
    ['inbxo', 'No command "inbxo". Did you mean inbox?'],
    ['referal list', 'Did you mean referral?'],
    ['referral lst', 'no verb "lst". Did you mean list?'],
    ['case list --limt 3', 'No flag "--limt" here. Did you mean --limit?'],
    ['referral decline ID --reason no-capacty', 'Did you mean no-capacity?'],
    ['case list --limit 0', '--limit must be a whole number from 1 to 200'],
    ['case list --since yesterday', '--since: write 2027-03-01'],
    ['case list --json=yes', '--json takes no value'],
    ['case list --json --plain', 'Either --json or --plain'],
    ['case list --limit 3 --limit 4', '--limit stands twice'],
    ['case list --limit', '--limit needs a value'],
    ['case show', 'CODE is missing'],
    ['case show A B', 'takes 1 operand(s), not 2'],
    ['referral open ID helth --show-personal', 'Did you mean health?'],
    ['referral take -h', ''],
  ])('srx %s is refused with what is meant', async (line, words) => {
    const { code, out, err } = await srx(wordsOfLine(line));
    expect(code).toBe(words === '' ? 0 : 2);
    expect((out + err).replaceAll(/\s+/g, ' ')).toContain(words);
    expect(err.split('\n').filter((one) => one.length > 80)).toEqual([]);
  });

  it('is told as one JSON document with --json', async () => {
    const { code, out, err } = await srx(['case', 'show', '--json']);
    expect([code, out]).toEqual([2, '']);
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'WRONG_USE' } });
  });
});

describe('a secret in a command', () => {
  const token = `srx_${'Ab1-_'.repeat(9)}`;

  it.each([
    ['inbox --token hunter-canary', '--token-file'],
    ['inbox --token=hunter-canary', '--token-file'],
    ['init --database-password hunter-canary', '--database-password-file'],
    ['member list --password hunter-canary', '0600'],
  ])('is refused with the way to give it, and not repeated: srx %s', async (line, remedy) => {
    const { code, err } = await srx(wordsOfLine(line));
    expect(code).toBe(2);
    expect(err).toContain(remedy);
    expect(err).not.toContain('hunter-canary');
  });

  it.each([
    [`inbox --token-file ${token}`],
    [`referral accept ID --with=${token}`],
    [`case show ${token}`],
    [`inbox --tokn ${token}`],
  ])('is refused where a token stands for its file: srx %s', async (line) => {
    const { code, err } = await srx(wordsOfLine(line));
    expect(code).toBe(2);
    expect(err).toContain('mode 0600');
    expect(err).not.toContain(token);
  });

  it('is refused in the environment too', async () => {
    const wrong = await srx(['inbox'], { env: { SRX_TOKEN: token } });
    expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('SRX_TOKEN_FILE') });
    const env = { SRX_TOKEN_FILE: token, SRX_CASEWORK_ADDRESS: '127.0.0.1:1' };
    const instead = await srx(['inbox'], { env });
    expect(instead).toMatchObject({ code: 1, err: expect.stringMatching(/of\s+mode\s+0600/) });
    expect(wrong.err + instead.err).not.toContain(token);
  });
});
