// A referral for tests: two invented organisations that append messages with
// right numbers, links and times, and the story that ends well.
import { createHash } from 'node:crypto';

import { PERSONAL_SECTIONS, type SectionName, type Stage } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import type { Body, Content, Envelope, Grant, StepBody, StepName } from '#model/message.ts';
import { fold, type ReferralState, type Verdict } from '#model/referral.ts';
import { EMPTY_THREAD, type Entry, type Thread } from '#model/thread.ts';
import { otherSide, type Side } from '#model/track.ts';

export const START_SECONDS = 1_800_000_000;
export const HOUR = 60 * 60;
export const DAY = 24 * HOUR;
const REFERRAL_ID = '00000000-0000-4000-8000-00000000cafe';
const ORGANISATION: Readonly<Record<Side, string>> = {
  referring: 'https://harbour.example',
  receiving: 'https://homeward.example',
};
/** Everything that a message must say of itself; the rest follows from the thread. */
export type Draft = {
  body: Body;
  sections: readonly SectionName[];
  grants: readonly Grant[];
  seen: number;
  sentAt: number;
  expiresAt: number;
};

export function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url');
}

export function uuidOf(value: unknown): string {
  const hex = createHash('sha256').update(JSON.stringify(value)).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** The body of a step; a step without fields needs none. */
export function bodyOf<S extends StepName>(step: S, content?: Partial<StepBody<S>>): Body {
  return { step, [step]: content ?? {} } as unknown as Body;
}

export function grantOf(
  recipient: Side,
  stage: Stage,
  sections: readonly SectionName[],
  until = START_SECONDS + 365 * DAY,
): Grant {
  return {
    grantId: uuidOf([recipient, stage, sections, until]),
    recipient: ORGANISATION[recipient],
    sections: [...sections],
    stage,
    purpose: 'provide-services',
    until,
  };
}

/** What the person agreed to at the request: to be asked about and assessed. */
export const CONTACT_GRANTS: readonly Grant[] = [
  grantOf('receiving', 'contact', ['minimum', 'note']),
  grantOf('referring', 'contact', ['note']),
  grantOf('receiving', 'assessment', ['risk']),
  grantOf('referring', 'assessment', ['risk']),
];
/** And again after the acceptance. */
export const PACKAGE_GRANTS: readonly Grant[] = [
  grantOf(
    'receiving',
    'package',
    PERSONAL_SECTIONS.filter((s) => s !== 'report' && s !== 'exploitation'),
  ),
  grantOf('referring', 'package', ['arrival', 'note', 'danger']),
  grantOf('referring', 'follow-up', ['report', 'plan']),
];

const SECTIONS_OF: Partial<Record<StepName, readonly SectionName[]>> = {
  referralRequest: ['minimum'],
  receiptConfirmed: ['workers'],
  riskAssessed: ['risk'],
  clarificationAsked: ['note'],
  clarificationGiven: ['note'],
  accepted: ['offer'],
  declined: ['reason'],
  packageReleased: ['consent', 'contact', 'danger', 'identity'],
  safetyNotice: ['danger'],
  sectionCorrected: ['note'],
  arrivalPlanned: ['arrival'],
  arrivalChanged: ['arrival'],
  notArrived: ['reason'],
  followUpReported: ['report'],
  planRevised: ['plan'],
  held: ['reason'],
  cancellationRequested: ['reason'],
  accessReported: ['access'],
  breachReported: ['breach'],
  completed: ['reason'],
  failed: ['reason'],
};

const GRANTS_OF: Partial<Record<StepName, readonly Grant[]>> = {
  referralRequest: CONTACT_GRANTS,
  packageReleased: PACKAGE_GRANTS,
};

/** A step as its author would write it now: legal wherever the state is ready. */
export function sample(
  thread: Thread,
  side: Side,
  step: StepName,
  change: Partial<Draft> = {},
): Draft {
  const own = thread[side];
  const other = thread[otherSide(side)];
  const seen = change.seen ?? other.length;
  const earliest = [own.at(-1), other[seen - 1]].map((e) => e?.envelope.sentAt ?? 0);
  let sentAt = change.sentAt ?? Math.max(START_SECONDS, ...earliest);
  const state = fold({ ...thread, [otherSide(side)]: other.slice(0, seen) });
  if (step === 'expired' && change.sentAt === undefined) {
    sentAt = Math.max(sentAt, state.referring.answerBy);
  }
  return {
    body: sampleBody(step, side, state, sentAt, other[seen - 1]),
    sections: SECTIONS_OF[step] ?? [],
    grants: GRANTS_OF[step] ?? [],
    seen,
    sentAt,
    expiresAt: sentAt + limits.messageLifeSecondsMax,
    ...change,
  };
}

function sampleBody(
  step: StepName,
  side: Side,
  state: ReferralState,
  at: number,
  read: Entry | undefined,
): Body {
  const fields: { [S in StepName]?: Partial<StepBody<S>> } = {
    referralRequest: {
      rulesVersion: limits.rulesVersion,
      caseCode: uuidOf('case'),
      answerBy: at + 3 * DAY,
      secondPerson: false,
    },
    riskAssessed: { assessedAt: at, answersSeq: state[otherSide(side)].assessment?.seq ?? 0 },
    clarificationAsked: { about: 'minimum' },
    clarificationGiven: { answersSeq: state.openQuestions[0] ?? 1 },
    accepted: { secondPerson: true },
    packageReleased: { reconfirmedAt: at, secondPerson: false, short: false },
    packageReceived: { packageSeq: state.referring.packageSeq || 1 },
    packageRefused: { packageSeq: state.referring.packageSeq || 1, fault: 'undecryptable' },
    sectionCorrected: { corrects: 'note' },
    departed: {
      travelAgreedAt: at - HOUR,
      referringRiskReadAt: at - HOUR,
      receivingRiskReadAt: at - HOUR,
      medicineAndMoney: true,
      callOffered: true,
    },
    arrived: { codeWordGiven: true },
    caseManagementTaken: { firstContactDone: true, planAgreed: true },
    followUpReported: { milestone: 'hours-24' },
    planRevised: { personAgreed: true },
    held: { reviewAt: at + 7 * DAY },
    consentWithdrawn: {
      whole: true,
      sections: [],
      stopReports: false,
      deleteSent: false,
      endServices: false,
      meetingWish: 'not-asked',
    },
    erasureConfirmed: { withdrawalId: uuidOf('withdrawal'), erased: ['minimum'], kept: [] },
    completed: { personView: 'heard' },
    enteredInError: { wrongRecipient: false },
    refused: {
      seq: read?.envelope.seq ?? 1,
      digest: read?.digest ?? digestOf('none'),
      reason: 'late',
    },
  };
  return bodyOf(step, fields[step] as never);
}

/** Makes the message; `understood: false` leaves a body that nobody can read. */
export function write(thread: Thread, side: Side, draft: Draft, understood = true): Entry {
  const own = thread[side];
  const read = thread[otherSide(side)][draft.seen - 1];
  const content: Content = {
    sections: draft.sections.map((section) => ({ section, digest: digestOf(section) })),
    grants: [...draft.grants],
    body: draft.body,
  };
  const where = {
    referralId: REFERRAL_ID,
    from: ORGANISATION[side],
    to: ORGANISATION[otherSide(side)],
    seq: own.length + 1,
    previous: own.at(-1)?.digest ?? '',
    ...(read && { seen: { seq: read.envelope.seq, digest: read.digest } }),
    sentAt: draft.sentAt,
    expiresAt: draft.expiresAt,
  };
  const envelope: Envelope = { messageId: uuidOf([where, content]), ...where };
  const digest = digestOf([envelope, content]);
  return { digest, envelope, content: understood ? content : null };
}

export function place(thread: Thread, side: Side, ...entries: readonly Entry[]): Thread {
  return { ...thread, [side]: [...thread[side], ...entries] };
}

/** Appends one step, whether it is legal or not. */
export function say(
  thread: Thread,
  side: Side,
  step: StepName,
  change: Partial<Draft> = {},
): Thread {
  return place(thread, side, write(thread, side, sample(thread, side, step, change)));
}

export type Line = readonly [side: Side, step: StepName, change?: Partial<Draft>];

export function tell(lines: readonly Line[], thread: Thread = EMPTY_THREAD): Thread {
  return lines.reduce((told, [side, step, change]) => say(told, side, step, change), thread);
}

const on = (day: number): Partial<Draft> => ({ sentAt: START_SECONDS + day * DAY });

/** From the request to the end of the support. */
export const STORY: readonly Line[] = [
  ['referring', 'referralRequest', on(0)],
  ['receiving', 'receiptConfirmed', on(0)],
  ['referring', 'riskAssessed', on(1)],
  ['receiving', 'riskAssessed', on(1)],
  ['receiving', 'clarificationAsked', on(1)],
  ['referring', 'clarificationGiven', on(2)],
  ['receiving', 'accepted', on(2)],
  ['referring', 'packageReleased', on(3)],
  ['receiving', 'packageReceived', on(3)],
  ['receiving', 'arrivalPlanned', on(5)],
  ['referring', 'arrivalPlanned', on(5)],
  ['referring', 'departed', on(9)],
  ['receiving', 'arrived', on(10)],
  ['receiving', 'caseManagementTaken', on(11)],
  ['referring', 'caseManagementHanded', on(11)],
  [
    'receiving',
    'followUpReported',
    { ...on(12), body: bodyOf('followUpReported', { milestone: 'hours-24' }) },
  ],
  [
    'receiving',
    'followUpReported',
    { ...on(14), body: bodyOf('followUpReported', { milestone: 'hours-72' }) },
  ],
  ['receiving', 'completed', on(200)],
];

/** The story until just before the first such step of that side. */
export function before(side: Side, step: StepName): Thread {
  const index = STORY.findIndex(([by, name]) => by === side && name === step);
  if (index === -1) throw new Error(`the story has no ${side} ${step}`);
  return tell(STORY.slice(0, index));
}

/** The story up to and with the first such step of that side. */
export function after(side: Side, step: StepName): Thread {
  const index = STORY.findIndex(([by, name]) => by === side && name === step);
  if (index === -1) throw new Error(`the story has no ${side} ${step}`);
  return tell(STORY.slice(0, index + 1));
}

/** What became of the newest message of a side. */
export function lastVerdict(thread: Thread, side: Side): Verdict | undefined {
  return fold(thread).verdicts[side].at(-1);
}

/** The verdict on one more step, and the thread with it. */
export function tryStep(
  thread: Thread,
  side: Side,
  step: StepName,
  change: Partial<Draft> = {},
): Verdict | undefined {
  return lastVerdict(say(thread, side, step, change), side);
}
