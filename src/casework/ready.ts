// Whether a case may be referred or a package released: the conditions of
// src/model/ready, asked with what this node has. The same checklist shows and refuses.
import { openReferral } from '#exchange/open-referral.ts';
import type { Referral } from '#exchange/ports.ts';
import type { CaseFile } from '#model/case-file.ts';
import { nowSeconds } from '#model/clock.ts';
import { type ConsentRecord, newestReceipt } from '#model/consent-record.ts';
import { isTerminal } from '#model/crossing.ts';
import type { ReadyFacts } from '#model/ready/items.ts';
import { type Readiness, readiness } from '#model/ready/ready.ts';
import { Refusal } from '#model/refusal.ts';
import { type Actor, isAnother } from './actor.ts';
import { loadCase } from './cases.ts';
import { recordsFor, recordsOfCase } from './consent-records.ts';
import type { CaseworkContext } from './context.ts';

type Asked = {
  actor: Actor;
  second: Actor | null;
  caseFile: CaseFile;
  /** About this recipient. */
  records: readonly ConsentRecord[];
};

export function requestFacts(context: CaseworkContext, asked: Asked): ReadyFacts {
  const { actor, second, caseFile, records } = asked;
  return {
    step: 'request',
    caseFile,
    consent: newestReceipt(records)?.receipt ?? null,
    nowSeconds: nowSeconds(context.clock),
    hasSecond: second !== null && isAnother(actor, second) && second.role !== actor.role,
    referral: null,
    reconfirmedAt: 0,
  };
}

/** @param stored undefined where nothing was asked of this recipient yet */
export function releaseFacts(
  context: CaseworkContext,
  asked: Asked,
  stored: Referral | undefined,
  reconfirmedAt: number,
): ReadyFacts {
  const state = stored && openReferral(stored, context.exchange.context.codec).state;
  return {
    ...requestFacts(context, asked),
    step: 'release',
    referral: {
      acceptedAt: state?.receiving.acceptedAt ?? 0,
      ours: state?.referring.assessment ?? null,
      theirs: state?.receiving.assessment ?? null,
    },
    reconfirmedAt,
  };
}

/**
 * All that is open at once. A second person alone is asked for by the act itself.
 * @throws Refusal GATE_OPEN_ITEMS
 */
export function mustBeReady(facts: ReadyFacts): void {
  const open = readiness(facts).items.filter(({ state }) => state === 'open');
  if (open.every(({ code }) => code === 'second-person')) return;
  const told: string[] = [];
  const untold: string[] = [];
  for (const { code, words } of open) {
    const fits = `${told.join(' ')} ${words}`.length <= WORDS_CHARS_MAX;
    if (fits && untold.length === 0) told.push(words);
    else untold.push(code);
  }
  const more = untold.length > 0 ? ` And: ${untold.join(', ')}.` : '';
  throw new Refusal(
    'GATE_OPEN_ITEMS',
    `${told.join(' ')}${more} All of it: srx case ready --for ${facts.step}.`,
  );
}

/** Of one refusal: a long list ends in codes. */
const WORDS_CHARS_MAX = 600;

export type CheckReady = {
  localCode: string;
  recipient: string;
  step: ReadyFacts['step'];
  /** When the person said yes again, whole seconds; 0 for not yet. */
  reconfirmedAt: number;
};

/**
 * The checklist, and the referral that a release is about; empty for none. Nothing of the
 * case's content is in it.
 * @throws Refusal NOT_FOUND, KEY_UNAVAILABLE
 */
export async function checkReady(
  context: CaseworkContext,
  actor: Actor,
  second: Actor | null,
  { localCode, recipient, step, reconfirmedAt }: CheckReady,
): Promise<Readiness & { referralId: string }> {
  const caseFile = await loadCase(context, localCode);
  const records = recordsFor(await recordsOfCase(context, localCode), recipient);
  const asked = { actor, second, caseFile, records };
  if (step === 'request') return { ...readiness(requestFacts(context, asked)), referralId: '' };
  const rows = await context.store.referralsOfCase(localCode);
  const row = rows.find((one) => {
    return one.partner === recipient && one.side === 'referring' && !isTerminal(one.status);
  });
  const stored = row && (await context.store.load(row.referralId));
  const facts = releaseFacts(context, asked, stored, reconfirmedAt);
  return { ...readiness(facts), referralId: row?.referralId ?? '' };
}
