// A consent receipt of an invented person, for packages in tests.
import { PERSONAL_SECTIONS } from '#model/codes.ts';
import type { Consent } from '#model/plan/consent.ts';

export function consentFor(recipient: string, given: Partial<Consent> = {}): Consent {
  return {
    schemaVersion: 'srx-consent-1',
    privacyNotice: 'Invented notice, version 1',
    language: 'bg',
    purpose: 'provide-services',
    lawfulBasis: 'consent',
    transferBasis: 'within-area',
    piiInformation: PERSONAL_SECTIONS.filter((name) => name !== 'exploitation'),
    piiControllers: [{ entityId: recipient, name: 'An invented organisation' }],
    storageLocations: ['BG'],
    retentionPeriod: 'P12M',
    jurisdiction: 'BG',
    recipientThirdParties: [recipient],
    withdrawalMethod: ['Tell any worker.'],
    events: [
      {
        eventTime: '2026-11-20T10:00:00Z',
        entityId: recipient,
        eventType: 'explicit',
        eventState: 'given',
      },
    ],
    direction: 'both',
    withheldFrom: [],
    givenBy: 'self',
    interpreter: { used: false },
    understandingToldBack: true,
    accompaniedByNobodyLinked: true,
    toldNoEffectOnHelp: true,
    toldDangerGoesAlong: true,
    toldWhatMustBeReported: true,
    toldSafetySearch: true,
    form: 'signature',
    noticeDigest: 'a'.repeat(64),
    noticeLocale: 'bg',
    ...given,
  };
}
