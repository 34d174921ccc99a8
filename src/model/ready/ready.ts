// Whether somebody may be referred, and a package may go: every condition at once,
// each done, open or missing. Nothing here can be overridden.
import { needsSecondPerson } from '../plan/minimum.ts';
import { ageItems, childItems } from './child.ts';
import { isForced, item, type ReadyFacts, type ReadyItem } from './items.ts';
import { personItems } from './person.ts';
import { MAY_BE_MISSING } from './ready-codes.ts';
import { riskItems } from './risk.ts';

export type Readiness = {
  /** No item is open. */
  isReady: boolean;
  /** Only what the meeting needs may go: a removal or detention. */
  isShort: boolean;
  items: ReadyItem[];
};

export function readiness(facts: ReadyFacts): Readiness {
  const isShort = isForced(facts);
  const items = [
    ...personItems(facts),
    ...secondPerson(facts),
    ...ageItems(facts),
    ...childItems(facts),
    ...(facts.step === 'release' ? riskItems(facts) : []),
  ].map((one) => (isShort ? mayBeMissing(one) : one));
  return { isReady: items.every(({ state }) => state !== 'open'), isShort, items };
}

function mayBeMissing(one: ReadyItem): ReadyItem {
  return one.state === 'open' && MAY_BE_MISSING.has(one.code) ? { ...one, state: 'missing' } : one;
}

function secondPerson({ caseFile, hasSecond }: ReadyFacts): ReadyItem[] {
  if (!needsSecondPerson(caseFile.sections.minimum)) return [];
  return [
    item(
      'second-person',
      hasSecond,
      'A second person of another role acts too.',
      'High risk or a child: a second person of another role must act too.',
    ),
  ];
}
