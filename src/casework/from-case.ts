// What a case file says yes to, for one partner: grants and sections as
// messages carry them.
import { uuid4 } from '#crypto/digest.ts';
import type { CaseFile, CaseSection } from '#model/case-file.ts';
import { grantUntilSeconds } from '#model/case-grant.ts';
import type { SectionName, Stage } from '#model/codes.ts';
import type { Grant } from '#model/message.ts';
import { encodeSection } from '#model/plan/sections.ts';
import { SECTIONS_WRITTEN_LATER } from '#model/plan/stage-sections.ts';

export type SectionInput = { section: SectionName; content: Uint8Array };

/** Grants of these stages between the two, each with a fresh id for this pair. */
export function grantsFor(
  caseFile: CaseFile,
  stages: readonly Stage[],
  pair: { own: string; partner: string },
): Grant[] {
  return caseFile.grants
    .filter((grant) => grant.recipient === pair.partner || grant.recipient === pair.own)
    .filter((grant) => stages.includes(grant.stage))
    .map(({ recipient, sections, stage, purpose, until }) => {
      const untilSeconds = grantUntilSeconds({ until });
      return { grantId: uuid4(), recipient, sections, stage, purpose, until: untilSeconds };
    });
}

/**
 * Sections of the case that a grant to the partner covers; no other is read. What is
 * written along the way, such as where and when somebody arrives, goes with its own step.
 */
export function sectionsFor(
  caseFile: CaseFile,
  grants: readonly Grant[],
  stage: Stage,
  partner: string,
): SectionInput[] {
  const named = new Set(
    grants
      .filter((grant) => grant.stage === stage && grant.recipient === partner)
      .flatMap((grant) => grant.sections),
  );
  const present = Object.keys(caseFile.sections) as CaseSection[];
  return present
    .filter((section) => named.has(section) && caseFile.sections[section] !== undefined)
    .filter((section) => !SECTIONS_WRITTEN_LATER.has(section))
    .map((section) => ({ section, content: encodeSection(section, caseFile.sections[section]) }));
}
