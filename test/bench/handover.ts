// What one handover is in the bench: a referral request with one section of
// 4 KiB. The schema of `minimum` is smaller, so the section is plain bytes here.
import { uuid4 } from '#crypto/digest.ts';
import type { Draft } from '#exchange/send.ts';
import { limits } from '#model/limits.ts';
import type { Grant } from '#model/message.ts';

export const SECTION_BYTES = 4096;

export const SECTION = new TextEncoder().encode(
  JSON.stringify({ test: 'x'.repeat(SECTION_BYTES - '{"test":""}'.length) }),
);

export function handoverGrants(recipient: string): Grant[] {
  return [
    {
      grantId: uuid4(),
      recipient,
      sections: ['minimum'],
      stage: 'contact',
      purpose: 'find-support',
      until: 4_000_000_000,
    },
  ];
}

export function handoverDraft(
  requestId: string,
  recipient: string,
  nowSeconds: number,
  by: Draft['by'],
): Draft {
  const caseCode = uuid4();
  return {
    messageId: requestId,
    referralId: uuid4(),
    body: {
      step: 'referralRequest',
      referralRequest: {
        rulesVersion: limits.rulesVersion,
        caseCode,
        answerBy: nowSeconds + limits.answerSecondsByPriority.normal,
        secondPerson: false,
      },
    },
    sections: [{ section: 'minimum', content: SECTION }],
    grants: handoverGrants(recipient),
    by,
    opens: { partner: recipient, caseCode, localCode: 'TEST-BENCH' },
  };
}
