// What an authority or an emergency service was told of one case, as far as the person
// has heard of it from somebody. A copy is no way to hear of it first.
import type { PersonCopy } from '#model/person-copy.ts';
import type { CaseworkContext } from './context.ts';
import { loadMatter, type OpenMatter } from './matters.ts';

type Told = PersonCopy['toldOutside'][number];

/** Oldest first. */
export async function toldOutside(context: CaseworkContext, localCode: string): Promise<Told[]> {
  const { store } = context;
  const rows = await store.mattersOfCase(localCode, 'disclosure');
  for (const { referralId } of await store.referralsOfCase(localCode)) {
    rows.push(...(await store.mattersOfReferral(referralId, 'disclosure')));
  }
  const told: Told[] = [];
  for (const { matterId } of rows) {
    told.push(...heard(await loadMatter(context, matterId, 'disclosure')));
  }
  return told.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

function heard({ entries }: OpenMatter): Told[] {
  const [first, ...later] = entries.map(({ value }) => value);
  if (first?.what !== 'disclosure') return [];
  const { to, country, why, law, madeAt: at, sections, person } = first.value;
  const heardLater = later.some((one) => one?.what === 'told' && one.value.whom === 'person');
  return person.told !== undefined || heardLater ? [{ to, country, why, law, at, sections }] : [];
}
