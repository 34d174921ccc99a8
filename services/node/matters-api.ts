// Breaches, legal demands and disclosures of the casework service, in the words of
// the contract.
import { type Actor, authenticate, mustMay } from '#casework/actor.ts';
import { recordOf, reportBreach, settledOf, settleStep } from '#casework/breach.ts';
import type { CaseworkContext } from '#casework/context.ts';
import { decideDemand, recordDemand } from '#casework/demand.ts';
import { recordDisclosure } from '#casework/disclosure.ts';
import { loadMatter, type OpenMatter } from '#casework/matters.ts';
import type { MatterRow } from '#casework/ports.ts';
import { recordTold, untoldOf } from '#casework/telling.ts';
import { limits } from '#model/limits.ts';
import { checklistOf } from '#model/matter/breach.ts';
import type { CaseworkApi, CaseworkResponse } from '#wire/contracts/casework.ts';
import type { MATTER_METHODS } from '#wire/contracts/casework-matters.ts';

export function mattersApi({
  context,
}: {
  context: CaseworkContext;
}): Pick<CaseworkApi<Actor>, keyof typeof MATTER_METHODS> {
  return {
    async reportBreach(request, { actor }) {
      mustMay(actor, 'casework');
      const { matterId, sent, waits } = await reportBreach(context, actor, request);
      return { matterId, isPartnerTold: sent !== null, waits: waits ?? '' };
    },
    async settleBreachStep(request, { actor }) {
      mustMay(actor, 'casework');
      await settleStep(context, actor, request);
      return { steps: stepsOf(await loadMatter(context, request.matterId)) };
    },
    async recordDemand(request, { actor }) {
      mustMay(actor, 'casework');
      await recordDemand(context, actor, request);
      return { matterId: request.requestId };
    },
    async decideDemand(request, { actor, secondToken }) {
      mustMay(actor, 'casework');
      const second = secondToken === null ? null : await authenticate(context.store, secondToken);
      await decideDemand(context, actor, second, request);
      const { row } = await loadMatter(context, request.matterId);
      return { isEnded: !row.isOpen };
    },
    async recordDisclosure(request, { actor }) {
      mustMay(actor, 'casework');
      const { isBeyondDecision } = await recordDisclosure(context, actor, request);
      return { matterId: request.requestId, isBeyondDecision };
    },
    async recordTold({ matterId, whom, toldAt }, { actor }) {
      mustMay(actor, 'casework');
      await recordTold(context, actor, { matterId, whom, told: toldAt });
      return {};
    },
    async listMatters({ kind, limit, cursor }, { actor }) {
      mustMay(actor, 'casework');
      const max = limit === 0 ? limits.pageItemsDefault : limit;
      const { items, nextCursor } = await context.store.listMatters(kind, max, cursor);
      return { matters: items.map(summaryOf), nextCursor };
    },
    async getMatter({ matterId }, { actor }) {
      mustMay(actor, 'casework');
      const matter = await loadMatter(context, matterId);
      return {
        matter: summaryOf(matter.row),
        entries: entriesOf(matter),
        steps: stepsOf(matter),
        untold: untoldOf(matter).map(({ whom, againAtMs }) => {
          return { whom, againAt: secondsOf(againAtMs) };
        }),
      };
    },
  };
}

function entriesOf({ entries }: OpenMatter): CaseworkResponse<'getMatter'>['entries'] {
  return entries.map(({ number, atMs, byStaff, byRole, value }) => {
    const { what = 'erased', ...content } = value ?? {};
    const bytes = new TextEncoder().encode(value === null ? '' : JSON.stringify(content));
    return { number, at: secondsOf(atMs), byStaff, byRole, what, content: bytes };
  });
}

function stepsOf(matter: OpenMatter): CaseworkResponse<'getMatter'>['steps'] {
  const record = recordOf(matter);
  if (record === null) return [];
  return checklistOf(record, settledOf(matter)).map(({ step, words, who, dueAtMs, settled }) => ({
    step,
    words,
    who,
    dueAt: secondsOf(dueAtMs),
    outcome: settled?.outcome ?? '',
    settledAt: settled === null ? 0 : secondsOf(settled.atMs),
    byRole: settled?.byRole ?? '',
  }));
}

function summaryOf(row: MatterRow): CaseworkResponse<'listMatters'>['matters'][number] {
  const { matterId, kind, isOpen, openedAtMs } = row;
  const about = { referralId: row.referralId ?? '', localCode: row.localCode ?? '' };
  return { matterId, kind, ...about, isOpen, openedAt: secondsOf(openedAtMs) };
}

function secondsOf(ms: number): number {
  return Math.floor(ms / 1000);
}
