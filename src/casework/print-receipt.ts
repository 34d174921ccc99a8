// A receipt on paper of what the person agreed to in one case. It names no
// organisation and no section unless the person wants that.
import {
  type PaperReceipt,
  type SealedReceipt,
  sealPaperReceipt,
} from '#exchange/paper-receipt.ts';
import { nowSeconds } from '#model/clock.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';
import type { Actor } from './actor.ts';
import { type Agreement, agreementsOf } from './agreements.ts';
import { findCase, showCase } from './cases.ts';
import type { CaseworkContext } from './context.ts';
import { mustHaveNoDemand } from './demand.ts';

export type PrintReceipt = {
  localCode: string;
  /** Entity identifiers; empty for all with whom something is agreed. */
  recipients: readonly string[];
  nameOrganisations: boolean;
  nameSections: boolean;
};

/**
 * Recorded as an opening of the case. The code is kept nowhere here.
 * @throws Refusal NOT_FOUND, NOT_PERMITTED, NOT_CONSENTED, TOO_LARGE, UNAVAILABLE, KEY_UNAVAILABLE
 */
export async function printReceipt(
  context: CaseworkContext,
  actor: Actor,
  print: PrintReceipt,
): Promise<SealedReceipt & { receipt: PaperReceipt }> {
  const row = await findCase(context, print.localCode);
  await mustHaveNoDemand(context, { localCode: print.localCode });
  await showCase(context, actor, row, 'for-the-person');
  const now = nowSeconds(context.clock);
  const all = await agreementsOf(context, print.localCode, now);
  const agreements = chosen(all, print.recipients);
  const name = (organisation: string) => context.members.find(organisation)?.name ?? organisation;
  const receipt: PaperReceipt = {
    iss: context.organisation,
    iat: now,
    ...(print.nameOrganisations && { name: name(context.organisation) }),
    agreements: agreements.map(({ recipient: organisation, record, givenAt, ends }) => ({
      record,
      given: dayOf(givenAt),
      ...(print.nameOrganisations && {
        recipient: { organisation, name: name(organisation) },
      }),
      ends: endings(ends, print.nameSections),
    })),
  };
  const attestations = context.members.find(context.organisation)?.keyAttestations ?? [];
  const key = context.exchange.context.keyring.signing('message');
  return { receipt, ...(await sealPaperReceipt(receipt, key, attestations)) };
}

function chosen(all: readonly Agreement[], recipients: readonly string[]): readonly Agreement[] {
  const missing = recipients.some((id) => !all.some(({ recipient }) => recipient === id));
  if (missing || all.length === 0) {
    throw new Refusal('NOT_CONSENTED', 'Nothing is agreed there now: there is nothing to print.');
  }
  const wanted = all.filter(({ recipient }) => {
    return recipients.length === 0 || recipients.includes(recipient);
  });
  if (wanted.length <= limits.receiptAgreementsMax) return wanted;
  throw new Refusal(
    'TOO_LARGE',
    `One paper takes ${limits.receiptAgreementsMax} agreements: name the partners for each paper.`,
  );
}

/** Days only; two ends on one day are one, unless the sections are told apart. */
function endings(
  ends: Agreement['ends'],
  nameSections: boolean,
): PaperReceipt['agreements'][0]['ends'] {
  if (nameSections) return ends.map(({ until, sections }) => ({ until: dayOf(until), sections }));
  return [...new Set(ends.map(({ until }) => dayOf(until)))].map((until) => ({ until }));
}

function dayOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
