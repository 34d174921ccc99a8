// No step is a way around the conditions of a request and a release: what a later
// step brings of the person, and the departure of a child, are asked here.
import { openReferral } from '#exchange/open-referral.ts';
import { nowSeconds } from '#model/clock.ts';
import { isPersonal, type SectionName } from '#model/codes.ts';
import { newestReceipt } from '#model/consent-record.ts';
import type { StepName } from '#model/message.ts';
import { isForced, type ReadyFacts } from '#model/ready/items.ts';
import { readiness } from '#model/ready/ready.ts';
import { type ReadyCode, SHORT_SECTIONS } from '#model/ready/ready-codes.ts';
import { Refusal } from '#model/refusal.ts';
import { loadCase } from './cases.ts';
import { recordsFor, recordsOfCase } from './consent-records.ts';
import type { CaseworkContext } from './context.ts';
import type { SectionInput } from './from-case.ts';
import { mustBeItsOwnCopy } from './own-copy.ts';
import { mustNotReachFearedState } from './state-body.ts';

type Step = { referralId: string; step: StepName; sections: readonly SectionInput[] };

/** They have stages of their own, before any package. */
const BEFORE_PACKAGE: ReadonlySet<SectionName> = new Set(['minimum', 'note', 'risk']);
const SHORT: ReadonlySet<SectionName> = new Set(SHORT_SECTIONS);

/** Whoever is of age speaks for themselves, before anything more goes. */
const BINDS_ALWAYS: readonly ReadyCode[] = ['age', 'own-yes'];
const BINDS_DEPARTURE: readonly ReadyCode[] = [
  ...BINDS_ALWAYS,
  'guardian',
  'best-interests',
  'child-heard',
  'child-agrees',
  'caregiver',
  'parents-kept-out',
];

/**
 * Of the referring side, which has the case. A message that is stored already is not asked again.
 * @throws Refusal GATE_OPEN_ITEMS, NOT_PERMITTED, SCHEMA_VIOLATION
 */
export async function mustPassGates(
  context: CaseworkContext,
  requestId: string,
  { referralId, step, sections }: Step,
): Promise<void> {
  const personal = sections.map(({ section }) => section).filter(isPersonal);
  if (step !== 'departed' && personal.length === 0) return;
  const stored = await context.store.load(referralId);
  const { row } = stored;
  if (!row || row.side !== 'referring' || row.localCode === null) return;
  if (await context.store.findMessageById(requestId)) return;
  const caseFile = await loadCase(context, row.localCode);
  if (personal.length > 0) mustNotReachFearedState(context, caseFile, row.partner);
  await mustBeItsOwnCopy(context, row.localCode, row.partner, sections);
  const records = recordsFor(await recordsOfCase(context, row.localCode), row.partner);
  const facts: ReadyFacts = {
    step: 'request',
    caseFile,
    consent: newestReceipt(records)?.receipt ?? null,
    nowSeconds: nowSeconds(context.clock),
    hasSecond: true,
    referral: null,
    reconfirmedAt: 0,
  };
  const binding = step === 'departed' ? BINDS_DEPARTURE : BINDS_ALWAYS;
  const open = readiness(facts).items.filter((item) => {
    return item.state === 'open' && binding.includes(item.code);
  });
  if (open.length > 0) throw refused(open.map(({ words }) => words).join(' '));
  const packaged = personal.filter((section) => !BEFORE_PACKAGE.has(section));
  const { state } = openReferral(stored, context.exchange.context.codec);
  if (packaged.length > 0 && state.referring.packageSeq === 0) {
    throw refused(`Release the package first. Before it nothing goes of: ${packaged.join(', ')}.`);
  }
  const tooMuch = packaged.filter((section) => !SHORT.has(section));
  if (isForced(facts) && tooMuch.length > 0) {
    throw refused(
      `A removal or detention: only what the meeting needs goes. Leave out ${tooMuch.join(', ')}.`,
    );
  }
}

function refused(words: string): Refusal {
  return new Refusal('GATE_OPEN_ITEMS', words);
}
