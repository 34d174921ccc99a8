// The course of one referral, round by round, as the proofs drive it.
import * as contents from '#deploy/demo/contents.ts';
import type { CaseFile } from '#model/case-file.ts';
import type { Body } from '#model/message.ts';
import type { Side } from '#model/track.ts';

export type Planned = { side: Side; body: () => Body; make: () => contents.SectionInput[] };

/** Stands for the release, which has a call of its own. */
export const RELEASE: Body = {
  step: 'packageReleased',
  packageReleased: { reconfirmedAt: 1, secondPerson: true, short: false },
};

export function withdrawal(side: Side): Planned {
  return plain(side, {
    step: 'consentWithdrawn',
    consentWithdrawn: {
      whole: true,
      sections: [],
      stopReports: true,
      deleteSent: true,
      endServices: false,
      meetingWish: 'not-asked',
    },
  });
}

/** After the release either side may send one at any time. */
export function notice(side: Side): Planned {
  const text = contents.note('The person has a new number; call only after six.');
  return plain(side, { step: 'safetyNotice', safetyNotice: {} }, text);
}

function plain(side: Side, body: Body, ...sections: contents.SectionInput[]): Planned {
  return { side, body: () => body, make: () => sections };
}

/** Acts of one round are taken at the same time, so that they cross. */
export function roundsOf(caseFile: CaseFile, now: () => number): Planned[][] {
  const writing = () => ({ caseFile, nowMs: now() * 1000 });
  const risk = (side: Side, answersSeq: number): Planned => ({
    side,
    body: () => ({ step: 'riskAssessed', riskAssessed: { assessedAt: now(), answersSeq } }),
    make: () => [contents.risk(side, writing())],
  });
  const planned = (side: Side): Planned => ({
    side,
    body: () => ({ step: 'arrivalPlanned', arrivalPlanned: {} }),
    make: () => [contents.arrival(writing(), writing().nowMs + 6 * 86_400_000)],
  });
  return [
    [plain('receiving', { step: 'receiptConfirmed', receiptConfirmed: {} }, contents.workers())],
    [
      plain(
        'receiving',
        { step: 'clarificationAsked', clarificationAsked: { about: 'minimum' } },
        contents.note('Is a shared flat a good place for the first weeks?'),
      ),
      risk('referring', 0),
    ],
    [
      plain(
        'referring',
        { step: 'clarificationGiven', clarificationGiven: { answersSeq: 2 } },
        contents.note('Yes, if the door can be locked.'),
      ),
      risk('receiving', 2),
    ],
    [
      plain(
        'receiving',
        { step: 'accepted', accepted: { secondPerson: true } },
        contents.offer(writing()),
      ),
    ],
    [{ side: 'referring', body: () => RELEASE, make: () => [] }],
    [plain('receiving', { step: 'packageReceived', packageReceived: { packageSeq: 4 } })],
    [planned('referring'), planned('receiving')],
    [
      plain(
        'referring',
        { step: 'held', held: { reviewAt: now() + 86_400 } },
        contents.reason('other'),
      ),
      plain(
        'receiving',
        { step: 'held', held: { reviewAt: now() + 86_400 } },
        contents.reason('other'),
      ),
    ],
    [
      plain('referring', { step: 'resumed', resumed: {} }),
      plain('receiving', { step: 'resumed', resumed: {} }),
    ],
    [
      {
        side: 'referring',
        body: () => ({
          step: 'departed',
          departed: {
            travelAgreedAt: now() - 3600,
            referringRiskReadAt: now() - 60,
            receivingRiskReadAt: now() - 60,
            medicineAndMoney: true,
            callOffered: true,
          },
        }),
        make: () => [],
      },
    ],
    [plain('receiving', { step: 'arrived', arrived: { codeWordGiven: true } })],
    [
      plain('receiving', {
        step: 'caseManagementTaken',
        caseManagementTaken: { firstContactDone: true, planAgreed: true },
      }),
      plain('referring', { step: 'caseManagementHanded', caseManagementHanded: {} }),
    ],
    [
      plain(
        'receiving',
        { step: 'followUpReported', followUpReported: { milestone: 'hours-72' } },
        contents.report(writing()),
      ),
    ],
    [
      plain(
        'receiving',
        { step: 'completed', completed: { personView: 'heard' } },
        contents.reason('goals-met'),
      ),
    ],
  ];
}
