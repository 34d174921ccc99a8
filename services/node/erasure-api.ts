// Erasure, in the words of the contract.
import { type Actor, authenticate, mustMay } from '#casework/actor.ts';
import type { CaseworkContext } from '#casework/context.ts';
import { eraseCase } from '#casework/erase-case.ts';
import { keepSection } from '#casework/keep-section.ts';
import { listErasures } from '#casework/list-erasures.ts';
import type { CaseworkApi } from '#wire/contracts/casework.ts';
import type { ERASURE_METHODS } from '#wire/contracts/casework-erasure.ts';

export function erasureApi({
  context,
}: {
  context: CaseworkContext;
}): Pick<CaseworkApi<Actor>, keyof typeof ERASURE_METHODS> {
  return {
    async listErasures({ referralId }, { actor }) {
      mustMay(actor, 'casework');
      const { sections, answers, isHeldByDemand } = await listErasures(context, referralId);
      return {
        sections: sections.map(({ cause, atMs, ...line }) => {
          return { ...line, cause: cause ?? '', at: secondsOf(atMs) };
        }),
        answers: answers.map(({ atMs, ...answer }) => ({ ...answer, at: secondsOf(atMs) })),
        isHeldByDemand,
      };
    },
    async keepSection(request, { actor, secondToken }) {
      mustMay(actor, 'casework');
      const second = secondToken === null ? null : await authenticate(context.store, secondToken);
      await keepSection(context, actor, second, request);
      return {};
    },
    async eraseCase({ localCode }, { actor }) {
      mustMay(actor, 'casework');
      await eraseCase(context, localCode);
      return {};
    },
  };
}

function secondsOf(ms: number | null): number {
  return ms === null ? 0 : Math.floor(ms / 1000);
}
