// Where family involvement is possible or unknown, parents receive nothing: no
// place in the case may name one as told, met, called or given care.
import type { CaseFile } from '../case-file.ts';
import type { Consent } from '../plan/consent.ts';

/** A word for a parent; not "the mother's side", nor foster parents. English only. */
const PARENT =
  /(?<!foster[ -])\b(step[ -]?)?(parents?|mothers?|fathers?|mum|mom|mummy|dad|daddy)\b(?!['’]s?\s)(?![ -]in[ -]law)/i;

/** What is to be mended, in words; null where nothing is. */
export function parentsFault(
  { sections }: Pick<CaseFile, 'sections'>,
  consent: Pick<Consent, 'withheldFrom'> | null,
): string | null {
  const { child, family, arrival, contact } = sections;
  if (!child || child.familyAssessment.familyInvolvement === 'none-known') return null;
  if (child.careArrangement === 'parents') {
    return 'Family may be involved. The child cannot go to the parents.';
  }
  const parents = (family?.members ?? []).filter(
    ({ relation }) => relation === 'mother' || relation === 'father',
  );
  if (parents.some(({ knowsOfReturn }) => knowsOfReturn === 'yes')) {
    return 'A parent knows of the return. Assess the danger and plan it anew.';
  }
  const names = parents.flatMap(({ name }) => (name ? [name.value.toLowerCase()] : []));
  const told = [
    child.guardian.name,
    child.receivingCaregiver.name,
    child.receivingCaregiver.relation,
    ...words(child.escort),
    ...words(arrival?.metBy),
    ...(arrival?.ifNotThere.call ?? []).flatMap(words),
  ];
  if (told.some((one) => PARENT.test(one) || names.includes(one.toLowerCase()))) {
    return 'Family may be involved. Name no parent as caregiver, met, called or told.';
  }
  const isWithheld =
    [...(contact?.mustNotBeTold ?? []), ...(consent?.withheldFrom ?? [])].length > 0;
  return isWithheld ? null : 'Family may be involved. Write down that parents must not be told.';
}

function words(who: { name: string; role: string } | undefined): string[] {
  return who ? [who.name, who.role] : [];
}
