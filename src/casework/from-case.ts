// What the person said yes to, for one partner: grants and sections as messages
// carry them.
import { sha256Hex, uuid4 } from '#crypto/digest.ts';
import type { CaseFile, CaseSection } from '#model/case-file.ts';
import type { SectionName, Stage } from '#model/codes.ts';
import {
  type ConsentRecord,
  newestAnswers,
  newestReceipt,
  saidYes,
} from '#model/consent-record.ts';
import type { Grant } from '#model/message.ts';
import type { Contact } from '#model/plan/contact.ts';
import { encodeSection } from '#model/plan/sections.ts';
import { SECTIONS_WRITTEN_LATER } from '#model/plan/stage-sections.ts';

export type SectionInput = { section: SectionName; content: Uint8Array };

/**
 * The yes answers of these stages between the two, one grant for each purpose and end,
 * with a fresh id for this pair. What happened to a person is a grant of its own.
 */
export function grantsOf(
  records: readonly ConsentRecord[],
  stages: readonly Stage[],
  pair: { own: string; partner: string },
): Grant[] {
  const grants = new Map<string, Grant>();
  for (const answer of saidYes(newestAnswers(records))) {
    const { section, stage, purpose, direction, until } = answer;
    if (!stages.includes(stage)) continue;
    const recipient = direction === 'to-recipient' ? pair.partner : pair.own;
    const alone = section === 'exploitation' ? section : '';
    const key = `${recipient} ${stage} ${purpose} ${until} ${alone}`;
    const grant = grants.get(key);
    if (grant) grant.sections.push(section);
    else {
      const sections = [section];
      grants.set(key, { grantId: uuid4(), recipient, sections, stage, purpose, until });
    }
  }
  return [...grants.values()];
}

/**
 * Sections of the case that a grant to the partner covers; no other is read. The consent
 * receipt is the one about this partner. What is written along the way, such as where and
 * when somebody arrives, goes with its own step.
 */
export function sectionsFor(
  caseFile: CaseFile,
  records: readonly ConsentRecord[],
  grants: readonly Grant[],
  stage: Stage,
  pair: { partner: string; caseCode: string },
): SectionInput[] {
  const named = new Set(
    grants
      .filter((grant) => grant.stage === stage && grant.recipient === pair.partner)
      .flatMap((grant) => grant.sections),
  );
  const receipt = newestReceipt(records)?.receipt;
  const contact =
    caseFile.sections.contact && forThisPair(caseFile.sections.contact, pair.caseCode);
  const sections = { ...caseFile.sections, consent: receipt, contact };
  const present = Object.keys(sections) as CaseSection[];
  return present
    .filter((section) => named.has(section) && sections[section] !== undefined)
    .filter((section) => !SECTIONS_WRITTEN_LATER.has(section))
    .map((section) => ({ section, content: encodeSection(section, sections[section]) }));
}

/** Two partners of one person must hold nothing equal: the word is theirs, its hash is a pair's. */
function forThisPair(contact: Contact, caseCode: string): Contact {
  const { codeWordHash } = contact;
  if (codeWordHash === undefined) return contact;
  return { ...contact, codeWordHash: sha256Hex(`${caseCode} ${codeWordHash}`) };
}
