// Any further step: what a person did, checked, and sent as it is.
import type { Sent } from '#exchange/send.ts';
import type { Body, Grant, StepBody, StepName } from '#model/message.ts';
import { reasonFits, STEP_REASONS } from '#model/plan/reason.ts';
import { parseSection, type SectionValue } from '#model/plan/sections.ts';
import { Refusal } from '#model/refusal.ts';
import { mustPassGates } from './act-gate.ts';
import { type Actor, mustBeAnother } from './actor.ts';
import { recordWithdrawal } from './consent-withdrawn.ts';
import type { CaseworkContext } from './context.ts';
import type { SectionInput } from './from-case.ts';
import { mustBeRecorded } from './recorded-grants.ts';

export type Act = {
  requestId: string;
  referralId: string;
  body: Body;
  sections: SectionInput[];
  grants: Grant[];
};

/** Steps with a call of their own, or that the node takes by itself. */
const NOT_BY_ACT: ReadonlySet<StepName> = new Set<StepName>([
  'referralRequest',
  'packageReleased',
  'breachReported',
  'refused',
  // Said by the node itself, after the deed: a claim without it would be worse than none.
  'erasureConfirmed',
  'accessReported',
]);

/** @throws Refusal ILLEGAL_STEP, SCHEMA_VIOLATION, SECOND_PERSON_NEEDED, GATE_OPEN_ITEMS, NOT_CONSENTED … */
export async function act(
  context: CaseworkContext,
  actor: Actor,
  second: Actor | null,
  { requestId, referralId, body, sections, grants }: Act,
): Promise<Sent> {
  if (NOT_BY_ACT.has(body.step)) {
    throw new Refusal('NOT_PERMITTED', `body: ${body.step} is not an act of its own here.`);
  }
  for (const { section, content } of sections) {
    const value = parseSection(section, content);
    if (section === 'reason' && !fits(body.step, value as SectionValue<'reason'>)) {
      throw new Refusal(
        'SCHEMA_VIOLATION',
        `reason: code does not fit this step; write one of ${codesFor(body.step)}.`,
      );
    }
  }
  await mustPassGates(context, requestId, { referralId, step: body.step, sections });
  const stated = body.step === 'accepted' ? acceptedBy(actor, second) : body;
  await mustBeRecorded(context, requestId, { referralId, sections, grants });
  const sent = await context.exchange.send({
    messageId: requestId,
    referralId,
    body: stated,
    sections,
    grants,
    by: actor,
  });
  if (stated.step === 'consentWithdrawn')
    await noteWithdrawal(context, actor, requestId, referralId, stated.consentWithdrawn);
  return sent;
}

async function noteWithdrawal(
  context: CaseworkContext,
  actor: Actor,
  messageId: string,
  referralId: string,
  body: StepBody<'consentWithdrawn'>,
): Promise<void> {
  const { row } = await context.store.load(referralId);
  if (!row) return;
  const about = { localCode: row.localCode, partner: row.partner, messageId };
  await recordWithdrawal(context, actor, { ...about, body, byGuardian: false });
}

/** What a law keeps is said by the node itself, and in no other step. */
function fits(step: StepName, { code, kept }: SectionValue<'reason'>): boolean {
  return kept === undefined && reasonFits(step, code);
}

/** The fact is ours to state: that a second person agreed, by a token of their own. */
function acceptedBy(actor: Actor, second: Actor | null): Body {
  mustBeAnother(actor, second);
  return { step: 'accepted', accepted: { secondPerson: true } };
}

function codesFor(step: StepName): string {
  return step in STEP_REASONS ? STEP_REASONS[step as keyof typeof STEP_REASONS].join(', ') : 'none';
}
