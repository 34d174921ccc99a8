// The part of the casework service that puts something into the person's hands.
import { type Actor, mustMay } from '#casework/actor.ts';
import type { CaseworkContext } from '#casework/context.ts';
import { makeCopy } from '#casework/make-copy.ts';
import { printReceipt } from '#casework/print-receipt.ts';
import { PersonCopy } from '#model/person-copy.ts';
import type { CaseworkApi } from '#wire/contracts/casework.ts';

export function paperApi({
  context,
}: {
  context: CaseworkContext;
}): Pick<CaseworkApi<Actor>, 'printReceipt' | 'makeCopy'> {
  return {
    async makeCopy(request, { actor }) {
      mustMay(actor, 'casework');
      const copy = PersonCopy.parse(await makeCopy(context, actor, request));
      return { copy: new TextEncoder().encode(JSON.stringify(copy)) };
    },
    async printReceipt(request, { actor }) {
      mustMay(actor, 'casework');
      const { receipt, text, code } = await printReceipt(context, actor, request);
      const { iat: issuedAt, name = '', agreements } = receipt;
      return {
        text,
        code,
        issuedAt,
        name,
        agreements: agreements.map(({ record, given, recipient, ends }) => ({
          record,
          given,
          recipient: recipient?.organisation ?? '',
          recipientName: recipient?.name ?? '',
          ends: ends.map(({ until, sections = [] }) => ({ until, sections })),
        })),
      };
    },
  };
}
