// What of a referral is here and until when, what was erased, what a law keeps; and what
// either side has said to each withdrawal.
import { SECTIONS, type SectionName } from '#model/codes.ts';
import type { ERASURE_STATES, ErasureCause } from '#model/erasure-record.ts';
import { Refusal } from '#model/refusal.ts';
import { erasuresDue } from '#model/retention.ts';
import type { CaseworkContext } from './context.ts';
import { loadHolding } from './erase-sections.ts';

export type ErasureLine = {
  section: SectionName;
  state: (typeof ERASURE_STATES)[number];
  /** Why it goes or went; null where nothing says so yet. */
  cause: ErasureCause | null;
  /** When it goes, or was gone; null where nothing says so yet. */
  atMs: number | null;
  law: string;
};

export type ErasureAnswer = {
  organisation: string;
  withdrawalId: string;
  /** Null while it has not answered. */
  atMs: number | null;
  erased: SectionName[];
  kept: SectionName[];
};

/** @throws Refusal NOT_FOUND */
export async function listErasures(
  context: CaseworkContext,
  referralId: string,
): Promise<{ sections: ErasureLine[]; answers: ErasureAnswer[]; isHeldByDemand: boolean }> {
  const holding = await loadHolding(context, referralId);
  if (!holding) throw new Refusal('NOT_FOUND', 'referral_id: no such referral here.');
  const { thread, state, row, held, side } = holding;
  const dues = erasuresDue(thread, state);
  const nowMs = context.clock.now();
  const { tombstones, kept } = row.erasure;
  const sections = SECTIONS.flatMap((section): ErasureLine[] => {
    const stone = tombstones.findLast((one) => one.section === section);
    if (!held.has(section)) {
      if (!stone) return [];
      const isGone = stone.erasedAtMs !== null;
      const { cause } = stone;
      return [
        { section, state: isGone ? 'erased' : 'erasing', cause, atMs: stone.erasedAtMs, law: '' },
      ];
    }
    const [due] = dues
      .filter((one) => one.sections.includes(section))
      .filter(({ dueAtMs }) => !stone || stone.sinceMs < dueAtMs)
      .toSorted((a, b) => a.dueAtMs - b.dueAtMs);
    const law = kept.find((one) => one.section === section && one.untilMs > nowMs);
    const atMs = law ? Math.max(law.untilMs, due?.dueAtMs ?? 0) : (due?.dueAtMs ?? null);
    const what = { section, cause: due?.cause ?? null, atMs };
    return [{ ...what, state: law ? 'kept' : 'held', law: law?.law ?? '' }];
  });
  const answers = state.withdrawals.flatMap(({ messageId }) =>
    (['referring', 'receiving'] as const).map((by): ErasureAnswer => {
      const said = thread[by].findLast(
        ({ content }) =>
          content?.body.step === 'erasureConfirmed' &&
          content.body.erasureConfirmed.withdrawalId === messageId,
      );
      const body = said?.content?.body;
      const { erased = [], kept: keeps = [] } =
        body?.step === 'erasureConfirmed' ? body.erasureConfirmed : {};
      return {
        organisation: by === side ? context.organisation : row.partner,
        withdrawalId: messageId,
        atMs: said ? said.envelope.sentAt * 1000 : null,
        erased,
        kept: keeps,
      };
    }),
  );
  const isHeldByDemand = (await context.store.openDemand(referralId)) !== undefined;
  return { sections, answers, isHeldByDemand };
}
