// What a person answered, in the words of the contract.
import { type Actor, mustMay } from '#casework/actor.ts';
import { askConsent } from '#casework/ask-consent.ts';
import type { CaseworkContext } from '#casework/context.ts';
import { recordConsent } from '#casework/record-consent.ts';
import { type ConsentOf, showConsent } from '#casework/show-consent.ts';
import { verifyConsent } from '#casework/verify-consent.ts';
import { limits } from '#model/limits.ts';
import type { CaseworkApi, CaseworkResponse } from '#wire/contracts/casework.ts';
import type { CONSENT_METHODS } from '#wire/contracts/casework-consent.ts';

export function consentRecordsApi({
  context,
}: {
  context: CaseworkContext;
}): Pick<CaseworkApi<Actor>, keyof typeof CONSENT_METHODS> {
  return {
    async askConsent(asked, { actor }) {
      mustMay(actor, 'casework');
      const { text, form } = await askConsent(context, actor, asked);
      return {
        form: new TextEncoder().encode(JSON.stringify(form)),
        text: text.shown,
        textDigest: text.digest,
        textVersion: text.version,
        locale: text.locale,
      };
    },
    async recordConsent({ form }, { actor }) {
      mustMay(actor, 'casework');
      const { recordId, recipient, event, number } = await recordConsent(context, actor, form);
      return { recordId, recipient, event, number };
    },
    async showConsent({ localCode }, { actor }) {
      mustMay(actor, 'casework');
      const all = await showConsent(context, localCode);
      return { recipients: all.map(inWords) };
    },
    async verifyConsent({ localCode }, { actor }) {
      mustMay(actor, 'casework');
      return verifyConsent(context, localCode);
    },
  };
}

type Shown = CaseworkResponse<'showConsent'>['recipients'][number];

function inWords({ recipient, answers, receipt, history }: ConsentOf): Shown {
  return {
    recipient,
    answers: answers.map(({ atMs, ...answer }) => ({ ...answer, saidAt: secondsOf(atMs) })),
    history: history
      .slice(-limits.consentRecordsMax)
      .map(({ atMs, by, text, form, ...record }) => ({
        number: record.number,
        recordId: record.recordId,
        event: record.event,
        recordedAt: secondsOf(atMs),
        byRole: by.role,
        textVersion: text?.version ?? '',
        locale: text?.locale ?? form?.textLocale ?? '',
        textDigest: text?.digest ?? form?.textDigest ?? '',
      })),
    lawfulBasis: receipt?.receipt?.lawfulBasis ?? '',
    transferBasis: receipt?.receipt?.transferBasis ?? '',
  };
}

function secondsOf(ms: number): number {
  return Math.floor(ms / 1000);
}
