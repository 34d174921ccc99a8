// Every step of a referral: who may take it, when, with which sections.
// Judged in the author's own view; domain words and needs in proto/README.md.
import type { SectionName, Stage } from './codes.ts';
import { PERSONAL_SECTIONS } from './codes.ts';
import { isTerminal, type Status } from './crossing.ts';
import { limits } from './limits.ts';
import type { Message, StepName } from './message.ts';
import { SHORT_SECTIONS } from './ready/ready-codes.ts';
import type { Side, Tracks } from './track.ts';

/** What the author of a message knew when writing it. */
export type View = Tracks & {
  side: Side;
  status: Status;
  travellingWithoutReceiver: boolean;
};

type Rule = {
  by: Side | 'either';
  /** Sections that must travel with it. */
  needs?: readonly SectionName[];
  /** Sections that may. */
  allows?: readonly SectionName[];
  /** Stages whose grants let personal sections travel with it. */
  stages?: readonly Stage[] | ((view: View) => readonly Stage[]);
  /** Whether the state is ready for the step, whatever its body says. */
  ready: (view: View) => boolean;
  /** Names what is missing in the body; null when nothing is. */
  lacks?: (view: View, message: Message) => string | null;
};

const REQUEST_SECTIONS = ['minimum'] as const;
const PACKAGE_SECTIONS = PERSONAL_SECTIONS.filter((s) => s !== 'report');
const SHORT_PACKAGE: ReadonlySet<SectionName> = new Set(SHORT_SECTIONS);
const AFTER_ARRIVAL = ['arrived', 'handing-over', 'in-care'] as const;
const BEFORE_ARRIVAL = ['in-progress', 'arrival-planned', 'travelling', 'not-arrived'] as const;

function at(...statuses: readonly Status[]): (view: View) => boolean {
  return (view) => statuses.includes(view.status);
}

const open = (view: View): boolean => view.status !== 'none' && !isTerminal(view.status);
const known = (view: View): boolean => view.status !== 'none';
const received = (view: View): boolean => open(view) && view.receiving.phase !== 'none';
const accepted = (view: View): boolean => received(view) && view.receiving.phase !== 'received';
const held = (view: View): boolean => view.referring.held || view.receiving.held;
const own = (view: View) => (view.side === 'referring' ? view.referring : view.receiving);

/** Before the acceptance the contact yes; afterwards the package's. */
const byAcceptance = (view: View): readonly Stage[] =>
  accepted(view) ? ['package', 'follow-up'] : ['contact'];

export const STEPS: Readonly<Record<StepName, Rule>> = {
  referralRequest: {
    by: 'referring',
    needs: REQUEST_SECTIONS,
    stages: ['contact'],
    ready: at('none'),
    lacks: (_, { seq, sentAt, body }) => {
      if (body.step !== 'referralRequest' || seq !== 1) return 'it must open the chain';
      const wait = body.referralRequest.answerBy - sentAt;
      return wait > 0 && wait <= limits.answerSecondsMax ? null : 'answerBy is out of bounds';
    },
  },
  receiptConfirmed: { by: 'receiving', needs: ['workers'], ready: at('requested') },
  riskAssessed: {
    by: 'either',
    needs: ['risk'],
    stages: ['assessment'],
    ready: received,
    lacks: (view, { sentAt, body }) => {
      if (body.step !== 'riskAssessed') return 'body';
      const { assessedAt, answersSeq } = body.riskAssessed;
      if (assessedAt > sentAt) return 'assessedAt is in the future';
      const theirs = view.side === 'referring' ? view.receiving : view.referring;
      const answers = answersSeq === 0 || answersSeq === theirs.assessment?.seq;
      return answers ? null : 'answersSeq names no newest assessment of the other side';
    },
  },
  clarificationAsked: {
    by: 'receiving',
    needs: ['note'],
    stages: byAcceptance,
    ready: received,
  },
  clarificationGiven: {
    by: 'referring',
    allows: PACKAGE_SECTIONS,
    stages: byAcceptance,
    ready: (view) => received(view) && openQuestions(view).length > 0,
    lacks: (view, { body, sections }) => {
      if (body.step !== 'clarificationGiven') return 'body';
      if (!openQuestions(view).includes(body.clarificationGiven.answersSeq)) {
        return 'answersSeq names no open question';
      }
      const early = !accepted(view);
      const tooMuch = sections.some((s) => s.section !== 'minimum' && s.section !== 'note');
      return early && tooMuch
        ? 'before the acceptance nothing but minimum and a note may go'
        : null;
    },
  },
  accepted: {
    by: 'receiving',
    needs: ['offer'],
    ready: (view) => view.status === 'received' && !held(view),
    lacks: (_, { body }) =>
      body.step === 'accepted' && body.accepted.secondPerson
        ? null
        : 'a second person has not agreed',
  },
  declined: {
    by: 'receiving',
    needs: ['reason'],
    ready: (view) =>
      open(view) && view.receiving.phase !== 'arrived' && view.receiving.phase !== 'taken',
  },
  packageReleased: {
    by: 'referring',
    needs: ['consent', 'contact', 'danger'],
    allows: PACKAGE_SECTIONS,
    stages: ['package'],
    ready: (view) => view.status === 'accepted' && !held(view),
    lacks: packageLacks,
  },
  packageReceived: {
    by: 'receiving',
    ready: at('package-released'),
    lacks: (view, { body }) =>
      body.step === 'packageReceived' &&
      body.packageReceived.packageSeq === view.referring.packageSeq
        ? null
        : 'packageSeq is not the released package',
  },
  packageRefused: {
    by: 'receiving',
    ready: at('package-released'),
    lacks: (view, { body }) =>
      body.step === 'packageRefused' && body.packageRefused.packageSeq === view.referring.packageSeq
        ? null
        : 'packageSeq is not the released package',
  },
  safetyNotice: {
    by: 'either',
    allows: PERSONAL_SECTIONS,
    stages: ['package', 'follow-up'],
    ready: accepted,
    lacks: (_, { sections }) =>
      sections.length > 0 ? null : 'a section that says what it is about is missing',
  },
  sectionCorrected: {
    by: 'either',
    allows: PERSONAL_SECTIONS,
    stages: byAcceptance,
    ready: received,
    lacks: (view, { body, sections }) => {
      if (body.step !== 'sectionCorrected') return 'body';
      const only = sections[0]?.section;
      if (sections.length !== 1 || only !== body.sectionCorrected.corrects) {
        return 'it must hold exactly the section that it corrects';
      }
      return accepted(view) || only === 'minimum'
        ? null
        : 'before the acceptance nothing but minimum may be corrected';
    },
  },
  arrivalPlanned: {
    by: 'either',
    needs: ['arrival'],
    stages: ['package'],
    ready: (view) => at('in-progress', 'arrival-planned')(view) && !own(view).arrivalPlanned,
  },
  arrivalChanged: {
    by: 'either',
    needs: ['arrival'],
    stages: ['package'],
    ready: (view) => at(...BEFORE_ARRIVAL)(view) && own(view).arrivalPlanned,
  },
  departed: {
    by: 'referring',
    ready: (view) => at('arrival-planned', 'not-arrived')(view) && !held(view),
    lacks: departureLacks,
  },
  arrived: {
    by: 'receiving',
    ready: (view) => at(...BEFORE_ARRIVAL)(view) || view.travellingWithoutReceiver,
    lacks: (_, { body }) =>
      body.step === 'arrived' && body.arrived.codeWordGiven ? null : 'the code word is missing',
  },
  notArrived: {
    by: 'either',
    needs: ['reason'],
    ready: (view) => at('travelling', 'not-arrived')(view) || view.travellingWithoutReceiver,
  },
  caseManagementTaken: {
    by: 'receiving',
    ready: (view) => at('arrived', 'handing-over')(view) && view.receiving.phase === 'arrived',
    lacks: (_, { body }) =>
      body.step === 'caseManagementTaken' &&
      body.caseManagementTaken.firstContactDone &&
      body.caseManagementTaken.planAgreed
        ? null
        : 'the first contact and a plan agreed with the person are missing',
  },
  caseManagementHanded: {
    by: 'referring',
    ready: (view) => at('arrived', 'handing-over')(view) && view.referring.phase !== 'handed',
  },
  followUpReported: {
    by: 'receiving',
    needs: ['report'],
    stages: ['follow-up'],
    ready: at(...AFTER_ARRIVAL),
  },
  planRevised: {
    by: 'receiving',
    needs: ['plan'],
    stages: ['follow-up'],
    ready: at(...AFTER_ARRIVAL),
    lacks: (_, { body }) =>
      body.step === 'planRevised' && body.planRevised.personAgreed
        ? null
        : "the person's yes is missing",
  },
  held: { by: 'either', needs: ['reason'], ready: (view) => open(view) && !own(view).held },
  resumed: { by: 'either', ready: (view) => open(view) && own(view).held },
  cancellationRequested: {
    by: 'referring',
    needs: ['reason'],
    // Its own Expired does not stand in the way where an acceptance won over it.
    ready: (view) =>
      open(view) && view.referring.closing !== 'cancelling' && view.referring.phase !== 'handed',
  },
  cancellationConfirmed: {
    by: 'receiving',
    ready: (view) => open(view) && view.referring.closing === 'cancelling',
  },
  consentWithdrawn: { by: 'either', ready: () => true },
  accessReported: { by: 'receiving', needs: ['access'], ready: known },
  erasureConfirmed: { by: 'either', allows: ['reason'], ready: known },
  breachReported: { by: 'either', needs: ['breach'], ready: known },
  completed: {
    by: 'receiving',
    needs: ['reason'],
    ready: (view) => open(view) && view.receiving.phase === 'taken',
  },
  failed: { by: 'either', needs: ['reason'], ready: open },
  expired: {
    by: 'referring',
    ready: at('requested', 'received'),
    lacks: (view, { sentAt }) =>
      sentAt >= view.referring.answerBy ? null : 'the answer is not overdue yet',
  },
  enteredInError: { by: 'either', ready: known },
  refused: { by: 'either', ready: () => true },
};

/** Numbers of the receiving side's questions without an answer. */
export function openQuestions(tracks: Tracks): number[] {
  return tracks.receiving.asked.filter((seq) => !tracks.referring.answered.includes(seq));
}

/** Why the state does not allow this step to this side; null when it does. */
export function notReady(step: StepName, view: View): string | null {
  const rule = STEPS[step];
  if (rule.by !== 'either' && rule.by !== view.side) return `only the ${rule.by} side may do it`;
  return rule.ready(view) ? null : `the referral is ${view.status}`;
}

/** Why this message is illegal in its author's view; null when it is legal. */
export function illegal(message: Message, view: View): string | null {
  const { step } = message.body;
  const rule = STEPS[step];
  const state = notReady(step, view);
  if (state !== null) return state;
  const carried = message.sections.map((s) => s.section);
  const missing = (rule.needs ?? []).find((section) => !carried.includes(section));
  if (missing !== undefined) return `section ${missing} is missing`;
  const allowed = [...(rule.needs ?? []), ...(rule.allows ?? [])];
  const extra = carried.find((section) => !allowed.includes(section));
  if (extra !== undefined) return `section ${extra} does not belong to this step`;
  return rule.lacks?.(view, message) ?? null;
}

export function stagesOf(step: StepName, view: View): readonly Stage[] {
  const { stages } = STEPS[step];
  return typeof stages === 'function' ? stages(view) : (stages ?? []);
}

/** Names of the steps that this side may take now. */
export function nextSteps(view: View): StepName[] {
  const names = Object.keys(STEPS) as StepName[];
  return names.filter((step) => step !== 'refused' && notReady(step, view) === null);
}

function packageLacks(view: View, message: Message): string | null {
  const { sentAt, body } = message;
  if (body.step !== 'packageReleased') return 'body';
  const { reconfirmedAt, short } = body.packageReleased;
  const { acceptedAt } = view.receiving;
  // The two clocks may differ by the skew that every time rule allows.
  if (reconfirmedAt < acceptedAt - limits.clockSkewSecondsMax || reconfirmedAt > sentAt) {
    return "the person's yes after the acceptance is missing";
  }
  // A removal or detention: whoever is made to go may be met, whatever is missing.
  if (short) return shortPackageHas(message);
  const ours = view.referring.assessment;
  const theirs = view.receiving.assessment;
  const oldest = sentAt - limits.riskAgeSecondsMax;
  if (!ours || ours.assessedAt < oldest)
    return 'a risk assessment of ours, at most 14 days old, is missing';
  if (!theirs || theirs.assessedAt < oldest) {
    return 'a risk assessment of the receiving side, at most 14 days old, is missing';
  }
  const joint = ours.answersSeq === theirs.seq || theirs.answersSeq === ours.seq;
  return joint ? null : 'no assessment answers the other one';
}

/** No word more than the meeting needs: not now, nor by a grant that lets it follow. */
function shortPackageHas({ to, sections, grants }: Message): string | null {
  const carried = sections.map(({ section }) => section);
  const granted = grants.filter((grant) => grant.recipient === to && grant.stage === 'package');
  const all: SectionName[] = [...carried, ...granted.flatMap((grant) => grant.sections)];
  const extra = all.find((section) => !SHORT_PACKAGE.has(section));
  return extra === undefined ? null : `section ${extra} does not belong to a short package`;
}

function departureLacks(_: View, { sentAt, body }: Message): string | null {
  if (body.step !== 'departed') return 'body';
  const facts = body.departed;
  const oldest = sentAt - limits.departureFactAgeSecondsMax;
  const fresh = (time: number) => time >= oldest && time <= sentAt;
  if (!fresh(facts.travelAgreedAt)) return 'a yes to travel, at most 72 hours old, is missing';
  if (!fresh(facts.referringRiskReadAt))
    return 'our reading of the risk, at most 72 hours old, is missing';
  if (!fresh(facts.receivingRiskReadAt))
    return 'their reading of the risk, at most 72 hours old, is missing';
  if (!facts.medicineAndMoney) return 'medicine and money for 14 days are missing';
  return facts.callOffered
    ? null
    : 'the offer of a call with the one who will meet the person is missing';
}
