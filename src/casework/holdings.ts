// Who has what of one case, for whoever asks and for the person's copy: by the receipts
// what arrived, by the gate what may still be read, by the partners' words what was
// erased and opened.
import { readUnverifiedPayload } from '#crypto/jws.ts';
import { type OpenReferral, placedOf } from '#exchange/open-referral.ts';
import type { ReferralRow } from '#exchange/ports.ts';
import { openAtRest } from '#exchange/sections.ts';
import { nowSeconds } from '#model/clock.ts';
import { SECTIONS, type SectionName } from '#model/codes.ts';
import { gate } from '#model/gate.ts';
import { HOLDINGS, type PersonCopy } from '#model/person-copy.ts';
import { parseSection, type SectionValue } from '#model/plan/sections.ts';
import { Refusal } from '#model/refusal.ts';
import { otherSide } from '#model/track.ts';
import { newestOfCase } from './access-lists.ts';
import { findCase } from './cases.ts';
import type { CaseworkContext } from './context.ts';
import { openOwn } from './referrals.ts';

type Holder = PersonCopy['holders'][number];
type Held = Holder['sections'][number];
type Opening = PersonCopy['openings'][number];
type Open = OpenReferral & { row: ReferralRow };

async function holdersOf(
  context: CaseworkContext,
  localCode: string,
): Promise<{ holders: Holder[]; openings: Opening[] }> {
  const holders = new Map<string, Holder>();
  const openings: Opening[] = [];
  for (const { referralId, partner } of await context.store.referralsOfCase(localCode)) {
    const referral = await openOwn(context, referralId);
    const name = context.members.find(partner)?.name ?? partner;
    const holder = holders.get(partner) ?? {
      organisation: partner,
      name,
      sections: [],
      answers: [],
    };
    holders.set(partner, {
      ...holder,
      sections: merged(holder.sections, heldIn(context, referral, await lawsIn(context, referral))),
      answers: [...answersIn(referral), ...holder.answers],
    });
    openings.push(...(await openingsIn(context, referral)));
  }
  const newestFirst = openings.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at));
  return { holders: [...holders.values()], openings: newestFirst };
}

/**
 * The same, and who opened it here.
 * @throws Refusal NOT_FOUND: a wrong code must not read as nobody having anything
 */
export async function holdingsOf(
  context: CaseworkContext,
  localCode: string,
): Promise<{ holders: Holder[]; openings: Opening[] }> {
  await findCase(context, localCode);
  const { holders, openings } = await holdersOf(context, localCode);
  const here = (await newestOfCase(context, localCode)).map(({ role, section, openedAtMs }) => {
    const at = new Date(openedAtMs).toISOString();
    return { organisation: context.organisation, role, section: section ?? 'case', at } as const;
  });
  const all = [...openings, ...here];
  return { holders, openings: all.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at)) };
}

/** Of two referrals to one partner the one in which more may be read. */
function merged(known: readonly Held[], more: readonly Held[]): Held[] {
  const rank = ({ state }: Held) => HOLDINGS.indexOf(state);
  return SECTIONS.flatMap((section) => {
    const both = [...known, ...more].filter((one) => one.section === section);
    return both.toSorted((a, b) => rank(a) - rank(b)).slice(0, 1);
  });
}

function heldIn(context: CaseworkContext, referral: Open, laws: Laws): Held[] {
  const { stored, thread, side, state, row } = referral;
  const { codec } = context.exchange.context;
  const sent = new Map<SectionName, { isDelivered: boolean }>();
  for (const { seq, receipt } of placedOf(stored.messages, 'own')) {
    const taken = receipt && codec.decodeReceipt(readUnverifiedPayload(receipt)).sectionsTaken;
    for (const { section } of thread[side][seq - 1]?.content?.sections ?? []) {
      const isDelivered = taken?.includes(section) || sent.get(section)?.isDelivered || false;
      sent.set(section, { isDelivered });
    }
  }
  const answered = confirmationsIn({ thread, side });
  const question = { recipient: row.partner, nowSeconds: nowSeconds(context.clock) };
  return [...sent].map(([section, { isDelivered }]) => {
    if (!isDelivered) return { section, state: 'not-delivered' };
    if (gate(referral, { ...question, section }) === 'granted') {
      return { section, state: 'may-be-read', ...endOf(state, section, row.partner) };
    }
    const last = answered.findLast(({ body: { erased, kept } }) => {
      return erased.includes(section) || kept.includes(section);
    });
    if (!last) return { section, state: 'closed' };
    if (last.body.erased.includes(section)) return { section, state: 'erased' };
    return { section, state: 'kept-under-law', ...laws.get(section) };
  });
}

type Laws = ReadonlyMap<SectionName, { law: string; until: string }>;

/** Of what the partner keeps, the law that it named last, and the day on which it erases. */
async function lawsIn(context: CaseworkContext, { row }: Open): Promise<Laws> {
  const laws = new Map<SectionName, { law: string; until: string }>();
  for (const { kept = [] } of await toldBy(context, row, 'reason')) {
    for (const { section, law, until } of kept)
      laws.set(section, { law, until: `${until}T00:00:00Z` });
  }
  return laws;
}

/** Every section of this name that the partner sent and whose key is there, oldest first. */
async function toldBy<S extends SectionName>(
  context: CaseworkContext,
  { referralId }: ReferralRow,
  name: S,
): Promise<SectionValue<S>[]> {
  const stored = await context.store.listSections(referralId);
  return stored
    .filter(({ author, section }) => author === 'peer' && section === name)
    .toSorted((a, b) => a.seq - b.seq)
    .flatMap((one) => {
      const opened = readIfThere(() => openAtRest(context.exchange.context, one));
      return opened ? [parseSection(name, opened.content)] : [];
    });
}

/** Working sections need no yes, and so have no end. */
function endOf(
  { grants }: Open['state'],
  section: SectionName,
  recipient: string,
): { until?: string } {
  const ends = grants
    .filter(({ grant }) => grant.recipient === recipient)
    .filter(({ grant }) => grant.sections.some((one) => one === section))
    .map(({ grant }) => grant.until);
  return ends.length === 0 ? {} : { until: timeOf(Math.max(...ends)) };
}

function confirmationsIn({ thread, side }: Pick<Open, 'thread' | 'side'>) {
  return thread[otherSide(side)].flatMap(({ envelope, content }) => {
    if (content?.body.step !== 'erasureConfirmed') return [];
    return [{ body: content.body.erasureConfirmed, sentAt: envelope.sentAt }];
  });
}

function answersIn({ state, thread, side }: Open): Holder['answers'] {
  const all = [...thread.referring, ...thread.receiving, ...thread.loose.map(({ entry }) => entry)];
  const confirmations = confirmationsIn({ thread, side });
  return state.withdrawals.flatMap(({ messageId, body }) => {
    const said = all.find(({ envelope }) => envelope.messageId === messageId);
    if (!said) return [];
    const answer = confirmations.find((one) => one.body.withdrawalId === messageId);
    return {
      sections: body.whole ? [] : body.sections,
      saidAt: timeOf(said.envelope.sentAt),
      ...(answer && { answeredAt: timeOf(answer.sentAt) }),
    };
  });
}

/** As the partner reported them: roles, no names. What a crash made it tell twice counts once. */
async function openingsIn(context: CaseworkContext, { row }: Open): Promise<Opening[]> {
  const told = (await toldBy(context, row, 'access')).flatMap(({ openings }) => openings);
  const met = new Set<number>();
  return told.flatMap(({ number, ...opening }) => {
    if (number !== undefined && met.has(number)) return [];
    if (number !== undefined) met.add(number);
    return [{ organisation: row.partner, ...opening }];
  });
}

/** Nothing, where its key was destroyed. */
function readIfThere<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal && error.code === 'KEY_UNAVAILABLE') return null;
    throw error;
  }
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
