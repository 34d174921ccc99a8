// canonical.json: payload bytes and what a reader makes of them, before any key
// is asked for.
import type { SectionName } from '#model/codes.ts';
import type { Content, Envelope, Receipt, StepName } from '#model/message.ts';
import { STEP_NAMES } from '#model/message.ts';
import { EMPTY_THREAD } from '#model/thread.ts';
import {
  bodyOf,
  DAY,
  type Draft,
  grantOf,
  START_SECONDS,
  sample,
  tell,
  uuidOf,
} from '#test/model/story.ts';
import { codec } from '#wire/codec.ts';
import { joined, numeric } from '../protobuf-bytes.ts';
import { messageOf } from '../scribe.ts';
import type { Family, Vector } from '../vector.ts';
import {
  contentFaults,
  digest,
  envelopeFaults,
  formFaults,
  from,
  messageId,
  nothing,
  referralId,
  sentAt,
  to,
} from './canonical-faults.ts';

type CanonicalInput = { type: 'Message' | 'Receipt'; hex: string };
type CanonicalExpect =
  | { envelope: Envelope; content: Content }
  /** It takes its number and is refused there. */
  | { envelope: Envelope; refused: 'unsupported-version' | 'schema-violation' }
  | { receipt: Receipt }
  | { error: string };
export type CanonicalVector = Vector<CanonicalInput, CanonicalExpect>;

export function makeCanonical(): Family<CanonicalVector> {
  return {
    about:
      'Payloads as bytes and as fields: proto/README.md, "Canonical form" and "Messages". Names as there.',
    vectors: [...steps(), ...formFaults(), ...envelopeFaults(), ...contentFaults(), ...receipts()],
  };
}

const REFERRING: ReadonlySet<StepName> = new Set<StepName>([
  'referralRequest',
  'clarificationGiven',
  'packageReleased',
  'departed',
  'caseManagementHanded',
  'cancellationRequested',
  'expired',
]);

/** One message of every step. */
function steps(): CanonicalVector[] {
  const thread = tell([
    ['referring', 'referralRequest'],
    ['receiving', 'receiptConfirmed'],
    ['receiving', 'clarificationAsked'],
  ]);
  return STEP_NAMES.map((step) => {
    const side = REFERRING.has(step) ? 'referring' : 'receiving';
    const at = step === 'referralRequest' ? EMPTY_THREAD : thread;
    return valid(`the step ${step}`, messageOf(at, side, filled(sample(at, side, step))).message);
  });
}

/** Where the story leaves a field at its default, another value. */
function filled(draft: Draft): Draft {
  const { body } = draft;
  if (body.step === 'consentWithdrawn') {
    const sections: SectionName[] = ['health', 'legal'];
    const partly = { ...body.consentWithdrawn, whole: false, sections, deleteSent: true };
    return { ...draft, body: bodyOf('consentWithdrawn', partly) };
  }
  if (body.step === 'referralRequest') {
    const continues = {
      referralId: uuidOf('an older referral'),
      referringSeq: 3,
      referringDigest: Buffer.alloc(32, 3).toString('base64url'),
      receivingSeq: 0,
      receivingDigest: '',
    };
    return { ...draft, body: bodyOf('referralRequest', { ...body.referralRequest, continues }) };
  }
  if (body.step === 'riskAssessed') {
    return {
      ...draft,
      body: bodyOf('riskAssessed', { ...body.riskAssessed, answersSeq: 2 }),
      grants: [grantOf('referring', 'assessment', ['risk', 'needs'], START_SECONDS + DAY)],
    };
  }
  return draft;
}

function valid(name: string, message: Envelope & Content): CanonicalVector {
  const { sections, grants, body, ...envelope } = message;
  return {
    name,
    check: 'C1',
    valid: true,
    input: { type: 'Message', hex: Buffer.from(codec.encodeMessage(message)).toString('hex') },
    expect: { envelope, content: { sections, grants, body } },
  };
}

function receipts(): CanonicalVector[] {
  const receipt: Receipt = {
    receiver: to,
    sender: from,
    referralId,
    messageId,
    seq: 2,
    messageDigest: digest,
    verdict: 'taken',
    sectionsTaken: ['risk', 'note'],
    receivedAt: sentAt + 3,
    head: { seq: 1, digest },
    read: { seq: 2, digest },
  };
  const bytes = Buffer.from(codec.encodeReceipt(receipt));
  const { head: _, ...headless } = receipt;
  const late: Receipt = {
    ...headless,
    verdict: 'refused',
    reason: 'late',
    sectionsTaken: [],
  };
  const input = (payload: Uint8Array): CanonicalInput => ({
    type: 'Receipt',
    hex: Buffer.from(payload).toString('hex'),
  });
  const wrong = (check: string, name: string, payload: Buffer, error: string) => {
    return { name, check, valid: false, input: input(payload), expect: { error } };
  };
  return [
    { name: 'a receipt', check: 'V2', valid: true, input: input(bytes), expect: { receipt } },
    {
      name: 'a receipt of a refusal',
      check: 'V2',
      valid: true,
      input: input(codec.encodeReceipt(late)),
      expect: { receipt: late },
    },
    wrong('V2', 'a receipt with a group', joined(bytes, Buffer.of(0x6b, 0x6c)), 'MALFORMED'),
    wrong('V2', 'a receipt cut short', bytes.subarray(0, -1), 'MALFORMED'),
    wrong(
      'V2',
      'a receipt with an unknown field',
      joined(bytes, numeric(13, 1)),
      'SCHEMA_VIOLATION',
    ),
    wrong('V2', 'a receipt without a receiver', bytes.subarray(2 + to.length), 'SCHEMA_VIOLATION'),
    wrong('V2', 'an empty receipt', nothing, 'SCHEMA_VIOLATION'),
  ];
}
