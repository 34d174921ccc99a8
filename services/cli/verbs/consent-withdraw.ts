// srx consent withdraw: the person's no, to everyone who holds something or to one
// of them. Nothing is asked before it is sent but what belongs to it.
import { uuid4 } from '#crypto/digest.ts';
import { PERSONAL_SECTIONS, type SectionName } from '#model/codes.ts';
import type { StepBody } from '#model/message.ts';
import type { CaseworkResponse } from '#wire/contracts/casework.ts';

import { withNode } from '../connection.ts';
import { Ended, EXIT } from '../exit-codes.ts';
import { retried } from '../retry.ts';
import { block } from '../text.ts';
import { UsageError } from '../usage-error.ts';
import { type Call, CONNECTION_OPTIONS, type Verb } from '../verb.ts';
import { EXAMPLE_ID } from './referral-operand.ts';

type Wish = StepBody<'consentWithdrawn'>['meetingWish'];
type From = CaseworkResponse<'withdrawConsent'>['partners'][number];

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const consentWithdraw: Verb = {
  noun: 'consent',
  name: 'withdraw',
  summary: "carries the person's no, at once, to every partner of the case or to one alone",
  examples: [
    'srx consent withdraw HH-2026-0001 --all',
    'srx consent withdraw HH-2026-0001 --section health --section legal --delete-sent',
    `srx consent withdraw ${EXAMPLE_ID} --all --still-meet yes`,
    'srx consent withdraw HH-2026-0002 --all --by-guardian',
  ],
  operands: [{ name: 'CODE', help: 'local code of the case, or the id of one referral' }],
  options: {
    ...CONNECTION_OPTIONS,
    all: { help: 'everything' },
    section: { value: 'NAME', help: 'only this one', many: true, choices: PERSONAL_SECTIONS },
    'stop-reports': { help: 'no follow-up reports any more' },
    'delete-sent': { help: 'erase what was sent at once; it cannot be taken back then' },
    'end-services': { help: 'the services end too' },
    'still-meet': {
      value: 'ANSWER',
      help: 'for somebody on the way: do they still want to be met',
      choices: ['yes', 'no'],
    },
    'by-guardian': { help: 'a guardian says it and the child does not: it stops, and no more' },
    'request-id': { value: 'UUID', help: 'of the same withdrawal before, to try it again' },
  },
  handlesSignal: true,
  async run(call) {
    const requestId = call.flags.text('request-id') ?? uuid4();
    if (!UUID.test(requestId)) throw new UsageError('--request-id must be a UUID.');
    const partners = await withNode(call, async (client) => {
      const say = async (meetingWish: Wish) => {
        const withdrawal = bodyOf(call, meetingWish);
        const byGuardian = call.flags.isSet('by-guardian');
        const asked = { requestId, ...whomOf(call), withdrawal, byGuardian };
        return (await retried(() => client.withdrawConsent(asked), call.io.signal)).partners;
      };
      const first = await say((call.flags.text('still-meet') as Wish | undefined) ?? 'not-asked');
      if (!first.some(({ asksMeeting }) => asksMeeting)) return first;
      const wish = await askForMeeting(call);
      return wish === null ? first : say(wish);
    });
    tell(call, requestId, partners);
  },
};

function whomOf({ operands }: Call): { localCode: string; referralId: string } {
  const code = operands[0] ?? '';
  return UUID.test(code.toLowerCase())
    ? { localCode: '', referralId: code.toLowerCase() }
    : { localCode: code, referralId: '' };
}

function bodyOf({ flags }: Call, meetingWish: Wish): StepBody<'consentWithdrawn'> {
  const sections = [...new Set(flags.texts('section'))] as SectionName[];
  if (flags.isSet('all') === sections.length > 0) {
    throw new UsageError('Either --all or --section NAME is needed.');
  }
  return {
    whole: flags.isSet('all'),
    sections,
    stopReports: flags.isSet('stop-reports'),
    deleteSent: flags.isSet('delete-sent'),
    endServices: flags.isSet('end-services'),
    meetingWish,
  };
}

/** After the stop, never before it. Null where nobody can be asked, or nobody answers. */
async function askForMeeting({ flags, io, out }: Call): Promise<Wish | null> {
  out.note('All is stopped but contact, danger and arrival: the person is on the way.');
  if (flags.isSet('no-input') || !io.isTty.stdin) return null;
  for (;;) {
    const said = await io.ask('Do they still want to be met? yes or no: ').catch(() => '');
    if (said.trim() === 'yes' || said.trim() === 'no') return said.trim() as Wish;
    if (io.signal.aborted || said === '') return null;
  }
}

function outcomeOf(referralId: string, fault: string): string {
  if (fault !== '') return `could not be written down (${fault}).`;
  if (referralId === '') return 'the yes is taken back; nothing was sent to them yet.';
  return 'stopped here; the partner is told until it answers.';
}

function tell({ out, io, flags }: Call, requestId: string, partners: readonly From[]): void {
  const missed = partners.filter(({ fault }) => fault !== '');
  const unasked = partners.some(({ asksMeeting }) => asksMeeting);
  out.answer(
    { requestId, partners },
    partners.flatMap(({ partner, referralId, fault }) => [
      ...block(`${partner}: ${outcomeOf(referralId, fault)}`),
      ...(referralId === '' ? [] : [`  referral ${referralId}`]),
    ]),
    partners.map(({ partner, referralId, seq, fault }) => [partner, referralId, seq, fault]),
  );
  if (flags.isSet('by-guardian')) {
    out.note('Ask the authority within 24 hours. Then run: srx consent authority-asked ID');
  }
  if (unasked) {
    out.note(
      'Ask the person: do you still want to be met? Then run the same again with --still-meet.',
    );
  }
  if (missed.length > 0) {
    out.note(`To reach the others, run the same again with:\n--request-id ${requestId}`);
    throw new Ended(EXIT.failure);
  }
  if (io.signal.aborted) throw new Ended(EXIT.interrupted);
}
