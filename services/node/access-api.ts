// Who opened what and who has what, in the words of the contract.
import { listAccess } from '#casework/access-lists.ts';
import { verifyAccessLog } from '#casework/access-log.ts';
import { type Actor, mustMay } from '#casework/actor.ts';
import type { CaseworkContext } from '#casework/context.ts';
import { holdingsOf } from '#casework/holdings.ts';
import { limits } from '#model/limits.ts';
import type { CaseworkApi } from '#wire/contracts/casework.ts';
import type { ACCESS_METHODS } from '#wire/contracts/casework-access.ts';

export function accessApi({
  context,
}: {
  context: CaseworkContext;
}): Pick<CaseworkApi<Actor>, keyof typeof ACCESS_METHODS> {
  return {
    async listAccess({ limit, ...asked }, { actor }) {
      mustMay(actor, 'casework');
      const max = limit === 0 ? limits.pageItemsDefault : limit;
      const { items, nextCursor } = await listAccess(context, { ...asked, limit: max });
      const lines = items.map(({ number, openedAtMs, staffId, role, why, ...about }) => ({
        number,
        openedAt: Math.floor(openedAtMs / 1000),
        staffId,
        role,
        why,
        referralId: about.referralId ?? '',
        localCode: about.localCode ?? '',
        section: about.section ?? '',
      }));
      return { lines, nextCursor };
    },
    async verifyAccess(_, { actor }) {
      mustMay(actor, 'node');
      return verifyAccessLog(context);
    },
    async getHoldings({ localCode }, { actor }) {
      mustMay(actor, 'casework');
      const holdings = JSON.stringify(await holdingsOf(context, localCode));
      return { holdings: new TextEncoder().encode(holdings) };
    },
  };
}
