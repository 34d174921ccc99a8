// Consent, in the words of the contract.
import { type Actor, mustMay } from '#casework/actor.ts';
import type { CaseworkContext } from '#casework/context.ts';
import { noteAuthorityAsked } from '#casework/guardian-no.ts';
import { noteHeard } from '#casework/welfare.ts';
import { withdrawConsent } from '#casework/withdraw.ts';
import type { CaseworkApi } from '#wire/contracts/casework.ts';
import type { WITHDRAWAL_METHODS } from '#wire/contracts/casework-withdrawal.ts';

export function consentApi({
  context,
}: {
  context: CaseworkContext;
}): Pick<CaseworkApi<Actor>, keyof typeof WITHDRAWAL_METHODS> {
  return {
    async withdrawConsent({ withdrawal, ...asked }, { actor }) {
      mustMay(actor, 'casework');
      const all = await withdrawConsent(context, actor, { ...asked, body: withdrawal });
      const partners = all.map(({ sent, fault, ...at }) => {
        return { ...at, seq: sent?.seq ?? 0, fault: fault ?? '' };
      });
      return { partners };
    },
    async noteAuthorityAsked({ referralId }, { actor }) {
      mustMay(actor, 'casework');
      await noteAuthorityAsked(context, referralId);
      return {};
    },
    async noteHeard(request, { actor }) {
      mustMay(actor, 'casework');
      await noteHeard(context, request);
      return {};
    },
  };
}
