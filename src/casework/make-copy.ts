// The copy that the person takes along: her plan without what could lead somebody to
// her, who has what, and what was agreed. Recorded as an opening of the case.
import type { CaseFile } from '#model/case-file.ts';
import { nowSeconds } from '#model/clock.ts';
import type { PersonCopy } from '#model/person-copy.ts';
import { copyPlan } from '#model/person-copy-plan.ts';
import { countsAsChild } from '#model/ready/items.ts';
import { Refusal } from '#model/refusal.ts';
import type { Actor } from './actor.ts';
import { findCase, showCase } from './cases.ts';
import type { CaseworkContext } from './context.ts';
import { mustHaveNoDemand } from './demand.ts';
import { holdingsOf } from './holdings.ts';
import { showConsent } from './show-consent.ts';
import { toldOutside } from './told-outside.ts';

export type MakeCopy = {
  localCode: string;
  /** For the child's guardian; otherwise it is for the person alone. Parents get none. */
  toGuardian: boolean;
  /** Only when the person asks for it by name. */
  withExploitation: boolean;
};

const LEFT_OUT = {
  places: 'Places, travel and times. Your worker knows them.',
  exploitation: 'What happened to you. Ask for it if you want it.',
};

/** @throws Refusal NOT_FOUND, NOT_PERMITTED, KEY_UNAVAILABLE */
export async function makeCopy(
  context: CaseworkContext,
  actor: Actor,
  { localCode, toGuardian, withExploitation }: MakeCopy,
): Promise<PersonCopy> {
  const row = await findCase(context, localCode);
  await mustHaveNoDemand(context, { localCode });
  const caseFile = await showCase(context, actor, row, 'for-the-person');
  if (toGuardian) mustHaveGuardian(caseFile, nowSeconds(context.clock));
  const { organisation, members, clock } = context;
  const name = (id: string) => members.find(id)?.name ?? id;
  const { holders, openings } = await holdingsOf(context, localCode);
  return {
    srxPersonCopy: 1,
    madeAt: new Date(clock.now()).toISOString(),
    madeBy: { organisation, name: name(organisation) },
    leftOut: [LEFT_OUT.places, ...(withExploitation ? [] : [LEFT_OUT.exploitation])],
    holders,
    openings,
    toldOutside: await toldOutside(context, localCode),
    agreements: await agreedIn(context, localCode, name),
    plan: copyPlan(caseFile.sections, withExploitation),
  };
}

/** Parents receive nothing here: not even as a word of this command. */
function mustHaveGuardian(caseFile: CaseFile, now: number): void {
  const refuse = (why: string) => new Refusal('NOT_PERMITTED', `to_guardian: ${why}`);
  if (!countsAsChild({ caseFile, nowSeconds: now })) throw refuse('an adult gets the copy alone.');
  const { checked = false, independent = false } = caseFile.sections.child?.guardian ?? {};
  if (checked && independent) return;
  throw refuse('only a guardian who is checked and independent gets a copy.');
}

async function agreedIn(
  context: CaseworkContext,
  localCode: string,
  name: (id: string) => string,
): Promise<PersonCopy['agreements']> {
  return (await showConsent(context, localCode)).map(({ recipient, answers, receipt: record }) => {
    const receipt = record?.receipt;
    return {
      recipient: { organisation: recipient, name: name(recipient) },
      answers: answers.map(({ section, stage, purpose, direction, ...said }) => ({
        section,
        stage,
        purpose,
        direction,
        ...(said.answer === 'yes'
          ? { answer: 'yes', until: new Date(said.until * 1000).toISOString() }
          : { answer: 'no' }),
      })),
      ...(receipt && { receipt }),
    };
  });
}
