// Messages made at random, every step among them.
import fc from 'fast-check';
import {
  MEETING_WISHES,
  MILESTONES,
  PACKAGE_FAULTS,
  PERSON_VIEWS,
  PURPOSES,
  REFUSAL_REASONS,
  SECTIONS,
  STAGES,
  VERDICTS,
} from '#model/codes.ts';
import type { Body, Message, Receipt } from '#model/message.ts';

const uuid4 = fc.uuid({ version: 4 });
const digest = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('base64url'));
const seq = fc.integer({ min: 1, max: 4096 });
const seqOrNone = fc.integer({ min: 0, max: 4096 });
const seconds = fc.integer({ min: 1, max: 253_402_300_799 });
const section = fc.constantFrom(...SECTIONS);
const sections = fc.uniqueArray(section);
const entityId = fc
  .constantFrom('north.example', 'south.example', 'a.b.example:8443/x')
  .map((host) => `https://${host}`);
const position = fc.record({ seq, digest });
const maybe = <T>(inner: fc.Arbitrary<T>, name: string) =>
  fc.option(inner, { nil: undefined }).map((v) => (v === undefined ? {} : { [name]: v }));
const flag = fc.boolean();
const none = fc.constant({});

const steps: Record<Body['step'], fc.Arbitrary<object>> = {
  referralRequest: fc
    .tuple(
      fc.record({
        rulesVersion: fc.constant(1),
        caseCode: uuid4,
        answerBy: seconds,
        secondPerson: flag,
      }),
      maybe(
        fc.record({
          referralId: uuid4,
          referringSeq: seq,
          referringDigest: digest,
          receivingSeq: seqOrNone,
          receivingDigest: fc.oneof(digest, fc.constant('')),
        }),
        'continues',
      ),
    )
    .map(([a, b]) => ({ ...a, ...b })),
  receiptConfirmed: none,
  riskAssessed: fc.record({ assessedAt: seconds, answersSeq: seqOrNone }),
  clarificationAsked: fc.record({ about: section }),
  clarificationGiven: fc.record({ answersSeq: seq }),
  accepted: fc.record({ secondPerson: flag }),
  declined: none,
  packageReleased: fc.record({ reconfirmedAt: seconds, secondPerson: flag, short: flag }),
  packageReceived: fc.record({ packageSeq: seq }),
  packageRefused: fc.record({ packageSeq: seq, fault: fc.constantFrom(...PACKAGE_FAULTS) }),
  safetyNotice: none,
  sectionCorrected: fc.record({ corrects: section }),
  arrivalPlanned: none,
  arrivalChanged: none,
  departed: fc.record({
    travelAgreedAt: seconds,
    referringRiskReadAt: seconds,
    receivingRiskReadAt: seconds,
    medicineAndMoney: flag,
    callOffered: flag,
  }),
  arrived: fc.record({ codeWordGiven: flag }),
  notArrived: none,
  caseManagementTaken: fc.record({ firstContactDone: flag, planAgreed: flag }),
  caseManagementHanded: none,
  followUpReported: fc.record({ milestone: fc.constantFrom(...MILESTONES) }),
  planRevised: fc.record({ personAgreed: flag }),
  held: fc.record({ reviewAt: seconds }),
  resumed: none,
  cancellationRequested: none,
  cancellationConfirmed: none,
  consentWithdrawn: fc.record({
    whole: flag,
    sections,
    stopReports: flag,
    deleteSent: flag,
    endServices: flag,
    meetingWish: fc.constantFrom(...MEETING_WISHES),
  }),
  accessReported: none,
  erasureConfirmed: fc.record({ withdrawalId: uuid4, erased: sections, kept: sections }),
  breachReported: none,
  completed: fc.record({ personView: fc.constantFrom(...PERSON_VIEWS) }),
  failed: none,
  expired: none,
  enteredInError: fc.record({ wrongRecipient: flag }),
  refused: fc.record({ seq, digest, reason: fc.constantFrom(...REFUSAL_REASONS) }),
};

export const bodies = Object.entries(steps).map(([step, body]) =>
  body.map((inner) => ({ step, [step]: inner }) as unknown as Body),
);

const grant = fc.record({
  grantId: uuid4,
  recipient: entityId,
  sections: fc.uniqueArray(section, { minLength: 1 }),
  stage: fc.constantFrom(...STAGES),
  purpose: fc.constantFrom(...PURPOSES),
  until: seconds,
});

export const message: fc.Arbitrary<Message> = fc
  .tuple(
    fc.record({
      messageId: uuid4,
      referralId: uuid4,
      from: entityId,
      to: entityId,
      seq,
      previous: fc.oneof(digest, fc.constant('')),
      sentAt: seconds,
      expiresAt: seconds,
      sections: fc.uniqueArray(fc.record({ section, digest }), { selector: (s) => s.section }),
      grants: fc.array(grant, { maxLength: 4 }),
      body: fc.oneof(...bodies),
    }),
    maybe(position, 'seen'),
  )
  .map(([a, b]) => ({ ...a, ...b }));

export const receipt: fc.Arbitrary<Receipt> = fc
  .tuple(
    fc.record({
      receiver: entityId,
      sender: entityId,
      referralId: uuid4,
      messageId: uuid4,
      seq,
      messageDigest: digest,
      verdict: fc.constantFrom(...VERDICTS),
      sectionsTaken: sections,
      receivedAt: seconds,
    }),
    maybe(fc.constantFrom(...REFUSAL_REASONS), 'reason'),
    maybe(position, 'head'),
    maybe(position, 'read'),
  )
  .map((parts) => Object.assign({}, ...parts) as Receipt);
