// With an asylum claim open, or protection given, nothing goes to a body that a state
// runs in another country than that of the claim: it may be the one that is feared.
import type { CaseFile } from '#model/case-file.ts';
import { Refusal } from '#model/refusal.ts';
import type { CaseworkContext } from './context.ts';

/** @throws Refusal NOT_PERMITTED */
export function mustNotReachFearedState(
  { members }: Pick<CaseworkContext, 'members'>,
  { sections: { legal } }: Pick<CaseFile, 'sections'>,
  recipient: string,
): void {
  const member = members.find(recipient);
  if (!member?.isStateRun || !legal) return;
  const safe = new Set([
    ...legal.rightsToStay
      .filter(({ kind }) => kind === 'asylum-applicant' || kind === 'protected')
      .map((right) => right.country),
    ...legal.proceedings.filter(({ kind }) => kind === 'asylum').map((one) => one.country),
  ]);
  if (safe.size === 0 || member.countries.every((country) => safe.has(country))) return;
  throw new Refusal(
    'NOT_PERMITTED',
    'recipient: a state runs this organisation, and the person seeks or has asylum. Choose one that no state runs.',
  );
}
