// Conditions about the person: time to reflect, options, the true reason, and that
// nobody is asked who should not be asked now.
import type { Preparation } from '../preparation.ts';
import {
  countsAsChild,
  isForced,
  isPast,
  item,
  type ReadyFacts,
  type ReadyItem,
  secondsOf,
} from './items.ts';

type Reflection = NonNullable<Preparation['reflection']>;

const DAY_SECONDS = 24 * 60 * 60;

const OPTIONS = {
  'legal-residence': 'legal residence',
  asylum: 'asylum',
  'remaining-without-papers': 'remaining without papers',
  return: 'return',
  'another-country': 'another country',
} as const;

export function personItems(facts: ReadyFacts): ReadyItem[] {
  return [
    reflectionTold(facts),
    reflectionTime(facts),
    options(facts),
    returnBasis(facts),
    ableNow(facts),
    ...(isForced(facts) ? removalItems(facts) : []),
  ];
}

function reflectionTold({ caseFile, nowSeconds }: ReadyFacts): ReadyItem {
  const told = caseFile.preparation?.reflection;
  const isOwnLanguage =
    told !== undefined && primary(told.language) === primary(caseFile.sections.minimum.language);
  return item(
    'reflection-told',
    isOwnLanguage && isPast(told.toldOn, nowSeconds),
    'The person was told of the reflection time in their language.',
    'Tell the person of the reflection time, in their language. Then write down the day.',
  );
}

function primary(tag: string): string {
  return tag.split('-')[0] ?? tag;
}

/** Whole days after the day of telling; a child's time is never cut short. */
function reflectionTime(facts: ReadyFacts): ReadyItem {
  const reflection = facts.caseFile.preparation?.reflection;
  const code = 'reflection-time';
  if (!reflection) {
    return item(code, false, '', 'The reflection time has not begun. It lasts at least 30 days.');
  }
  const endsAt = secondsOf(reflection.toldOn) + (reflection.days + 1) * DAY_SECONDS;
  if (facts.nowSeconds >= endsAt) return item(code, true, 'The reflection time is over.', '');
  const isBegun = !countsAsChild(facts) && hasBegunIt(facts, reflection);
  const more = countsAsChild(facts)
    ? 'For a child it is never cut short.'
    : 'The person may begin it by themselves.';
  return {
    ...item(
      code,
      isBegun,
      'The reflection time still runs. The person began this by themselves.',
      `The reflection time still runs. Do not ask for a decision. ${more}`,
    ),
    notBefore: isBegun ? '' : new Date(endsAt * 1000).toISOString().slice(0, 10),
  };
}

/** Asked for by the person: contact for a request, all of the return for a release. */
function hasBegunIt(
  { step, nowSeconds }: ReadyFacts,
  { toldOn, begunByPerson }: Reflection,
): boolean {
  return (
    begunByPerson !== undefined &&
    begunByPerson.on >= toldOn &&
    isPast(begunByPerson.on, nowSeconds) &&
    (step === 'request' || begunByPerson.askedFor === 'return')
  );
}

function options({ caseFile, nowSeconds }: ReadyFacts): ReadyItem {
  const explained = caseFile.sections.return?.optionsExplained ?? [];
  const open = Object.entries(OPTIONS)
    .filter(([option]) => {
      return !explained.some(
        (one) =>
          one.option === option &&
          one.consequencesUnderstood === 'yes' &&
          isPast(one.explainedOn, nowSeconds),
      );
    })
    .map(([, words]) => words);
  return item(
    'options',
    open.length === 0,
    'Every option was explained, with what would follow.',
    `Explain, with what would follow: ${open.join('; ')}. Let the person tell it back.`,
  );
}

function returnBasis(facts: ReadyFacts): ReadyItem {
  const open = basisFault(facts);
  return item('return-basis', open === null, 'The reason for the return is true.', open ?? '');
}

/** What is not voluntary is never called so, and nothing else is called a removal. */
function basisFault({ caseFile }: ReadyFacts): string | null {
  const basis = caseFile.sections.return?.basis;
  const removal = caseFile.preparation?.removal;
  if (basis === undefined) return 'Add section return with the true reason.';
  if (!removal) return 'Write down whether a removal is ordered or the person is detained.';
  const { order, detained } = removal;
  if (order === 'not-known' || detained === 'not-known') {
    return 'Find out whether a removal is ordered or the person is detained.';
  }
  if (basis === 'detention')
    return detained === 'yes' ? null : 'The person is not detained. Write the true reason.';
  if (basis === 'removal-ordered')
    return order === 'in-force' ? null : 'No removal is in force. Write the true reason.';
  if (detained === 'yes') return 'The person is detained. Write detention as the reason.';
  if (basis === 'transfer-to-another-state') return null;
  if (order === 'in-force') return 'A removal is in force. Write removal-ordered as the reason.';
  const isPressed = caseFile.preparation?.waitBecause?.includes('pressed') ?? false;
  if (basis !== 'own-wish' || (caseFile.preparation?.decidedFreely === 'yes' && !isPressed))
    return null;
  return 'Only a free decision is an own wish. Ask, alone, whether anybody presses.';
}

function ableNow({ caseFile }: ReadyFacts): ReadyItem {
  const why = caseFile.preparation?.waitBecause ?? [];
  return item(
    'able-now',
    why.length === 0,
    'Nothing says that the person should not be asked now.',
    'Something says: wait. Do not ask the person now, but another day.',
  );
}

function removalItems({ caseFile }: ReadyFacts): ReadyItem[] {
  const removal = caseFile.preparation?.removal;
  const ways = ['lawyer', 'suspension', 'identification', 'asylum'] as const;
  const untold = ways.filter((way) => !removal?.toldOf?.includes(way));
  return [
    item(
      'removal-told',
      untold.length === 0,
      'The person heard first what may stop the removal.',
      `First tell the person of: ${untold.join(', ')}. Each may stop the removal.`,
    ),
    item(
      'meeting-wish',
      removal?.wantsToBeMet === 'yes',
      'The person wants to be met.',
      'Ask whether the person wants to be met. Without a yes nothing goes.',
    ),
  ];
}
