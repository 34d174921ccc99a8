// Conditions of a child's return (domain rules, section 9), and the own yes of
// whoever came of age meanwhile. Age in doubt counts as child.
import type { Child } from '../plan/child.ts';
import { newestConsentEvent } from '../plan/consent.ts';
import {
  countsAsChild,
  isPast,
  item,
  type ReadyFacts,
  type ReadyItem,
  secondsOf,
  turns18On,
} from './items.ts';
import { parentsFault } from './parents.ts';

export function ageItems(facts: ReadyFacts): ReadyItem[] {
  return [age(facts), ownYes(facts)];
}

/** None for an adult. */
export function childItems(facts: ReadyFacts): ReadyItem[] {
  const { child } = facts.caseFile.sections;
  if (!countsAsChild(facts)) return [];
  return [
    guardian(facts, child),
    bestInterests(facts, child),
    childHeard(facts, child),
    childAgrees(child),
    caregiver(child),
    parentsKeptOut(facts),
    ...(facts.step === 'release' ? [guardianAndAssent(facts)] : []),
  ];
}

function age(facts: ReadyFacts): ReadyItem {
  const birthday = turns18On(facts);
  const isMinor = birthday !== undefined && !isPast(birthday, facts.nowSeconds);
  return item(
    'age',
    facts.caseFile.sections.minimum.child !== 'no' || !isMinor,
    'The age fits what the case says.',
    'The birth date says under 18. Write yes for child, and add section child.',
  );
}

function ownYes({ caseFile, consent, nowSeconds }: ReadyFacts): ReadyItem {
  const birthday = turns18On({ caseFile });
  const { child } = caseFile.sections.minimum;
  const hasBirthday = birthday !== undefined && isPast(birthday, nowSeconds);
  const given = consent && newestConsentEvent(consent);
  const isOwn =
    consent?.givenBy === 'self' &&
    (given?.eventState === 'given' || given?.eventState === 'renewed') &&
    Date.parse(given.eventTime) / 1000 >= secondsOf(birthday ?? '1970-01-01');
  const isSpokenFor = child === 'no' && consent?.givenBy === 'guardian-with-assent';
  const isAsked = (child === 'yes' && hasBirthday) || isSpokenFor;
  return item(
    'own-yes',
    !isAsked || isOwn,
    'Nobody who is of age now is spoken for as a child.',
    'The person is 18 now. Ask for their own yes before anything more goes.',
  );
}

function guardian({ caseFile, nowSeconds }: ReadyFacts, child?: Child): ReadyItem {
  const who = child?.guardian;
  const relatives = caseFile.sections.family?.members ?? [];
  const others = [
    child?.receivingCaregiver,
    caseFile.sections.arrival?.metBy,
    ...relatives
      .filter(({ relation }) => relation !== 'guardian')
      .map(({ name }) => name && { name: name.value }),
  ];
  const isSomebodyElse = !others.some((other) => other && who && isSame(other, who));
  return item(
    'guardian',
    who !== undefined &&
      who.checked &&
      who.independent &&
      isPast(who.appointedOn, nowSeconds) &&
      isSomebodyElse,
    'The guardian is appointed, checked and independent.',
    'A guardian must be appointed, checked and independent. Not family, caregiver or staff.',
  );
}

function isSame(
  a: { name: string; phone?: string | undefined },
  b: { name: string; phone?: string | undefined },
): boolean {
  const plain = (name: string) =>
    name.normalize('NFKC').toLowerCase().replaceAll(/\s+/g, ' ').trim();
  return plain(a.name) === plain(b.name) || (a.phone !== undefined && a.phone === b.phone);
}

function bestInterests({ nowSeconds }: ReadyFacts, child?: Child): ReadyItem {
  const made = child?.bestInterests;
  const isDue = made?.reviewBy !== undefined && secondsOf(made.reviewBy) < nowSeconds;
  return item(
    'best-interests',
    made?.decision === 'return' && isPast(made.decidedOn, nowSeconds) && !isDue,
    'The best-interests decision says return.',
    'The authority must decide that return is in the best interests. Wait for it.',
  );
}

function childHeard({ nowSeconds }: ReadyFacts, child?: Child): ReadyItem {
  return item(
    'child-heard',
    child !== undefined && isPast(child.heardOn, nowSeconds),
    'The child was heard, alone and in the own language.',
    'Hear the child, alone and in the own language. Then write down the day.',
  );
}

/** The child's no stops the return until the authority has decided again. */
function childAgrees(child?: Child): ReadyItem {
  const said = child?.agreesToReturn;
  const decidedOn = child?.bestInterests.decidedOn;
  const isDecidedAgain =
    child !== undefined &&
    decidedOn !== undefined &&
    decidedOn > child.heardOn &&
    said !== 'not-asked';
  return item(
    'child-agrees',
    said === 'yes' || isDecidedAgain,
    'The child agrees, or the authority decided again since.',
    said === 'not-asked'
      ? 'Ask the child.'
      : 'The child has not said yes. The return stops until the authority decides again.',
  );
}

const WITH_FAMILY: ReadonlySet<Child['careArrangement']> = new Set(['parents', 'kinship']);

/** A family that is not safe is why a child lives elsewhere: then it only has to be assessed. */
function caregiver(child?: Child): ReadyItem {
  const result = child?.familyAssessment.result ?? 'pending';
  const isSafe = result === 'safe' || result === 'safe-with-support';
  const isWithFamily = child !== undefined && WITH_FAMILY.has(child.careArrangement);
  return item(
    'caregiver',
    child !== undefined &&
      child.careArrangement !== 'pending' &&
      (isWithFamily ? isSafe : result !== 'pending'),
    'Caregiver and authority at the destination are known and assessed.',
    'Name where the child will live, and assess the family. With family it must be safe.',
  );
}

function parentsKeptOut({ caseFile, consent }: ReadyFacts): ReadyItem {
  const open = parentsFault(caseFile, consent);
  return item(
    'parents-kept-out',
    open === null,
    'Parents get and learn nothing, where they must not.',
    open ?? '',
  );
}

function guardianAndAssent({ consent }: ReadyFacts): ReadyItem {
  return item(
    'guardian-and-assent',
    consent?.givenBy === 'guardian-with-assent' && consent.childAssent !== undefined,
    'The guardian agreed, and the child too.',
    'Ask the guardian and the child. Both must say yes to what is sent.',
  );
}
