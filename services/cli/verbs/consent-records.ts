// srx consent ask, record, show and verify: what a person is asked, what she answered
// about each organisation, and the proof of it.
import { uuid4 } from '#crypto/digest.ts';
import { STAGES, type Stage } from '#model/codes.ts';
import { ConsentForm } from '#model/consent-form.ts';
import { limits } from '#model/limits.ts';
import type { CaseworkResponse } from '#wire/contracts/casework.ts';

import { withNode } from '../connection.ts';
import { consentFormText, readConsentForm } from '../consent-form-file.ts';
import { Ended, EXIT } from '../exit-codes.ts';
import { readText, writeOutput } from '../files.ts';
import { partnerOf } from '../partner.ts';
import { retried } from '../retry.ts';
import { noteIfStateRun } from '../state-run.ts';
import { block, isoTime, when } from '../text.ts';
import { UsageError } from '../usage-error.ts';
import { type Call, CONNECTION_OPTIONS, type Verb } from '../verb.ts';

type Recipient = CaseworkResponse<'showConsent'>['recipients'][number];
type Answer = Recipient['answers'][number];

const CODE = [{ name: 'CODE', help: 'local code of the case' }];

const ask: Verb = {
  noun: 'consent',
  name: 'ask',
  summary: 'writes the words and the form for one organisation; nothing is chosen before',
  examples: [
    'srx consent ask HH-2026-0001 --to https://homeward-hands.example --out form.yaml',
    'srx consent ask HH-2026-0001 --to https://homeward-hands.example --stage contact --out form.yaml',
    'srx consent ask HH-2026-0001 --to https://homeward-hands.example --locale bg --text bg.txt --reviewed-by "Sworn translator 12" --out form.yaml',
  ],
  operands: CODE,
  options: {
    ...CONNECTION_OPTIONS,
    to: { value: 'ID', help: 'entity id of exactly one organisation (srx member list)' },
    out: { value: 'FILE', help: 'where the form is written (standard output)' },
    stage: { value: 'NAME', help: 'ask only about this one', many: true, choices: STAGES },
    locale: { value: 'TAG', help: 'language of the words (en)' },
    text: { value: 'FILE', help: 'a reviewed translation of the standard words' },
    'reviewed-by': { value: 'WHO', help: 'who reviewed the translation' },
    'request-id': { value: 'UUID', help: 'of the same question before, to try it again' },
  },
  async run(call) {
    const { flags, io, out } = call;
    const file = flags.text('text');
    const translation = file === undefined ? '' : await readText(io, file, limits.noteCharsMax);
    const request = {
      requestId: flags.text('request-id') ?? uuid4(),
      localCode: call.operands[0] ?? '',
      recipient: partnerOf(call),
      stages: [...new Set(flags.texts('stage'))] as Stage[],
      locale: flags.text('locale') ?? 'en',
      translation,
      reviewedBy: flags.text('reviewed-by') ?? '',
    };
    const asked = await withNode(call, async (client) => {
      const made = await retried(() => client.askConsent(request), io.signal);
      await noteIfStateRun(call, client, request.recipient);
      return made;
    });
    const form = ConsentForm.parse(JSON.parse(Buffer.from(asked.form).toString()));
    const target = flags.text('out');
    const { text, textDigest, textVersion, locale } = asked;
    if (target === undefined && !out.isJson) {
      io.stdout(consentFormText(form, text));
      return;
    }
    if (target !== undefined) await writeOutput(io, target, consentFormText(form, text), 0o600);
    out.answer({ form, text, textDigest, textVersion, locale }, [
      `The form is in ${target}. Fill it in with the person, then: srx consent record ${target}`,
    ]);
  },
};

const record: Verb = {
  noun: 'consent',
  name: 'record',
  summary: 'records what the person answered, from the filled form; empty is a no',
  examples: ['srx consent record form.yaml', 'srx consent record form.yaml --json'],
  operands: [{ name: 'FILE', help: 'the form of srx consent ask; - for standard input' }],
  options: CONNECTION_OPTIONS,
  async run(call) {
    const form = await readConsentForm(call.io, call.operands[0] ?? '');
    const recorded = await withNode(call, (client) =>
      retried(() => client.recordConsent({ form }), call.io.signal),
    );
    const { recordId, recipient, event, number } = recorded;
    const words = event === 'refused' ? 'Everything is a no: nothing goes.' : `Recorded: ${event}.`;
    call.out.answer(recorded, block(`${recipient}: ${words} Record ${number}, ${recordId}`), [
      [recordId, recipient, event, number],
    ]);
    if (event === 'refused') {
      call.out.note('Help here goes on. What was sent under an earlier yes is stopped too.');
    }
  },
};

const show: Verb = {
  noun: 'consent',
  name: 'show',
  summary: 'shows for each organisation what, for what and until when, and what happened',
  examples: ['srx consent show HH-2026-0001', 'srx consent show HH-2026-0001 --json'],
  operands: CODE,
  options: {
    ...CONNECTION_OPTIONS,
    to: { value: 'ID', help: 'only this organisation' },
  },
  async run(call) {
    const { out, io, flags } = call;
    const localCode = call.operands[0] ?? '';
    const shown = await withNode(call, (client) => client.showConsent({ localCode }));
    const to = flags.text('to');
    const recipients = shown.recipients.filter(({ recipient }) => (to ?? recipient) === recipient);
    const now = io.clock.now() / 1000;
    out.answer(
      { recipients },
      recipients.length === 0
        ? ['Nobody was asked about yet: srx consent ask.']
        : recipients.flatMap((one) => linesOf(call, one, now)),
      recipients.flatMap(({ recipient, answers }) =>
        answers.map(({ section, stage, purpose, direction, answer, until }) => [
          recipient,
          section,
          stage,
          purpose,
          direction,
          stateOf({ answer, until }, now),
          isoTime(until),
        ]),
      ),
    );
  },
};

function stateOf({ answer, until }: Pick<Answer, 'answer' | 'until'>, now: number): string {
  return answer === 'yes' && until <= now ? 'ended' : answer;
}

function linesOf({ out }: Call, { recipient, answers, history, ...law }: Recipient, now: number) {
  const yes = answers.filter((one) => stateOf(one, now) === 'yes');
  const others = answers.filter((one) => stateOf(one, now) !== 'yes');
  const byLine = new Map<string, string[]>();
  for (const { section, stage, purpose, direction, until } of yes) {
    const way = direction === 'to-recipient' ? 'to them' : 'back to us';
    const line = `${stage}, ${purpose}, ${way}, until ${when(until)} UTC`;
    byLine.set(line, [...(byLine.get(line) ?? []), section]);
  }
  const noes = ['no', 'withdrawn', 'ended'].flatMap((state) => {
    const named = others.filter((one) => stateOf(one, now) === state);
    if (named.length === 0) return [];
    const back = (direction: Answer['direction']) => (direction === 'to-recipient' ? '' : ', back');
    const list = named
      .map(({ section, stage, direction }) => `${section} (${stage}${back(direction)})`)
      .join(', ');
    return block(`${state}: ${list}`, '  ', '    ');
  });
  return [
    out.strong(recipient),
    ...[...byLine].flatMap(([line, sections]) => [
      ...block(line, '  ', '    '),
      ...block(sections.join(', '), '    '),
    ]),
    ...(yes.length === 0 ? ['  nothing is allowed now'] : []),
    ...noes,
    ...(law.lawfulBasis === ''
      ? []
      : block(`basis: ${law.lawfulBasis}; transfer: ${law.transferBasis}`, '  ', '    ')),
    '  what happened:',
    ...history.map(
      ({ number, event, recordedAt, byRole, locale }) =>
        `    ${number}  ${when(recordedAt)}  ${event}  by ${byRole}${locale && `  in ${locale}`}`,
    ),
    '',
  ];
}

const WORDS: Readonly<
  Record<CaseworkResponse<'verifyConsent'>['faults'][number]['fault'], string>
> = {
  unreadable: 'cannot be opened: its key was lost, or it was changed',
  signature: 'is not signed by this organisation',
  order: 'does not follow the record before it',
  place: 'stands in another place than it says',
  text: 'does not show the words that it names',
  rules: 'breaks a rule of consent',
  'not-covered': 'went without a yes at that time',
};

const verify: Verb = {
  noun: 'consent',
  name: 'verify',
  summary: 'proves the records of a case, and that all that was sent was covered by a yes',
  examples: ['srx consent verify HH-2026-0001', 'srx consent verify HH-2026-0001 --json'],
  operands: CODE,
  options: CONNECTION_OPTIONS,
  async run(call) {
    const localCode = call.operands[0] ?? '';
    if (localCode === '') throw new UsageError('Name the case.');
    const found = await withNode(call, (client) => client.verifyConsent({ localCode }));
    const { records, messages, faults } = found;
    const lines = faults.flatMap(({ recipient, fault, number, referralId, section }) =>
      block(
        number > 0
          ? `${recipient}: record ${number} ${WORDS[fault]}.`
          : `${recipient}: ${section} ${WORDS[fault]} (referral ${referralId}).`,
        '  ',
        '    ',
      ),
    );
    const counted = `records ${records}, messages ${messages}`;
    call.out.answer(
      found,
      faults.length === 0 ? [`All holds: ${counted}.`] : [`Not all holds: ${counted}.`, ...lines],
      faults.map((one) => [one.recipient, one.fault, one.number, one.referralId, one.section]),
    );
    if (faults.length > 0) throw new Ended(EXIT.failure);
  },
};

export const consentRecordVerbs: readonly Verb[] = [ask, record, show, verify];
