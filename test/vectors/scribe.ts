// Writes real signed messages, the same bytes at every run: fixed keys, ids made
// from what they name, salts made from where they stand.
import { sectionDigest, sha256 } from '#crypto/digest.ts';
import { signJws } from '#crypto/jws.ts';
import type { SigningKey } from '#crypto/keys.ts';
import { MESSAGE_TYP } from '#exchange/context.ts';
import type { SectionName } from '#model/codes.ts';
import type { Envelope, Message, SectionContent, StepName } from '#model/message.ts';
import { EMPTY_THREAD, type Entry, type Thread } from '#model/thread.ts';
import { otherSide, type Side } from '#model/track.ts';
import { consentFor } from '#test/model/consent-sample.ts';
import { type Draft, type Line, place, sample, uuidOf } from '#test/model/story.ts';
import { codec } from '#wire/codec.ts';
import { wireType } from '#wire/convert.ts';
import { organisationOf, type PartyName, parties } from './parties.ts';

export const REFERRAL_ID = '00000000-0000-4000-8000-00000000cafe';

const NAME_OF: Readonly<Record<Side, PartyName>> = {
  referring: 'harbour',
  receiving: 'homeward',
};

export type Written = { jws: string; entry: Entry; contents: SectionContent[] };

/** What a vector bends before the message is signed. */
export type Bend = {
  envelope?: Partial<Envelope>;
  /** Of every section, instead of the usual one. */
  content?: Uint8Array;
  /** Of section consent, instead of the usual one. */
  receipt?: unknown;
  /** Of the payload, after it was encoded. */
  payload?: (bytes: Buffer) => Uint8Array;
  signer?: SigningKey;
};

const wire = wireType('srx.exchange.v1.Message');
const text = new TextEncoder();

/** Placeholders but for these; receiving judges what a consent receipt says, and no other. */
const CONTENTS: Partial<Record<SectionName, unknown>> = {
  minimum: {
    priority: 'normal',
    services: ['accommodation.shelter'],
    child: 'no',
    language: 'bg',
    interpreter: 'not-needed',
    status: 'possible',
    accompanyingChildrenAges: [],
    riskLevel: 'medium',
    window: { from: '2027-02-01', until: '2027-03-01' },
  },
  note: { text: 'An invented note.' },
  consent: consentFor('https://homeward.example'),
};

function contentsOf(
  referralId: string,
  side: Side,
  seq: number,
  sections: readonly SectionName[],
): SectionContent[] {
  return sections.map((section) => {
    const seed = `srx vectors: salt ${referralId} ${side} ${seq} ${section}`;
    const salt = new Uint8Array(Buffer.from(sha256(seed), 'base64url'));
    const value = CONTENTS[section] ?? { invented: section };
    return { section, salt, content: text.encode(JSON.stringify(value)) };
  });
}

export function messageOf(
  thread: Thread,
  side: Side,
  draft: Draft,
  { envelope = {}, content: instead, receipt }: Pick<Bend, 'envelope' | 'content' | 'receipt'> = {},
): { message: Message; contents: SectionContent[] } {
  const own = thread[side].at(-1);
  const read = thread[otherSide(side)][draft.seen - 1];
  const seq = thread[side].length + 1;
  const { referralId = REFERRAL_ID } = envelope;
  const contents = contentsOf(referralId, side, seq, draft.sections).map((section) => {
    const isReceipt = receipt !== undefined && section.section === 'consent';
    const content = isReceipt ? text.encode(JSON.stringify(receipt)) : instead;
    return content ? { ...section, content } : section;
  });
  const rest = {
    referralId,
    from: organisationOf(NAME_OF[side]),
    to: organisationOf(NAME_OF[otherSide(side)]),
    seq,
    previous: own?.digest ?? '',
    ...(read && { seen: { seq: read.envelope.seq, digest: read.digest } }),
    sentAt: draft.sentAt,
    expiresAt: draft.expiresAt,
  };
  const messageId = uuidOf(['vector', rest, draft.body]);
  const sections = contents.map(({ section, salt, content }) => {
    return { section, digest: sectionDigest({ salt, referralId, section, content }) };
  });
  const { body, grants } = draft;
  return {
    message: { messageId, ...rest, ...envelope, sections, grants: [...grants], body },
    contents,
  };
}

/** The message as its author would sign it, bent first where a vector asks for it. */
async function write(thread: Thread, side: Side, draft: Draft, bend: Bend = {}): Promise<Written> {
  const { message, contents } = messageOf(thread, side, draft, bend);
  const { message: key } = (await parties())[NAME_OF[side]];
  const payload = bend.payload?.(wire.encode(message)) ?? wire.encode(message);
  const jws = await signJws(bend.signer ?? key, MESSAGE_TYP, payload);
  return { jws, entry: entryOf(jws, payload), contents };
}

/** As a reader understands it; a payload without an envelope has no entry. */
function entryOf(jws: string, payload: Uint8Array): Entry {
  const digest = sha256(jws);
  try {
    const { envelope, content } = codec.decodeMessage(payload);
    return { digest, envelope, content };
  } catch {
    return { digest, envelope: {} as Envelope, content: null };
  }
}

/** One referral under the pen: what was written, by digest, whatever became of it. */
export class Scribe {
  readonly written = new Map<string, Written>();
  /** What was appended, in the order in which it was said. */
  readonly said: Written[] = [];
  thread: Thread = EMPTY_THREAD;

  /** Appends one step as its author would write it now, or as `change` says. */
  async say(
    side: Side,
    step: StepName,
    change: Partial<Draft> = {},
    bend: Bend = {},
  ): Promise<Written> {
    const made = await this.draw(side, step, change, bend);
    this.thread = place(this.thread, side, made.entry);
    this.said.push(made);
    return made;
  }

  /** The same, without appending it. */
  async draw(
    side: Side,
    step: StepName,
    change: Partial<Draft> = {},
    bend: Bend = {},
  ): Promise<Written> {
    const made = await write(this.thread, side, sample(this.thread, side, step, change), bend);
    this.written.set(made.entry.digest, made);
    return made;
  }

  async tell(lines: readonly Line[]): Promise<this> {
    for (const [side, step, change] of lines) await this.say(side, step, change);
    return this;
  }

  /** Another hand for another end of the same beginning. */
  copy(): Scribe {
    const copy = new Scribe();
    copy.thread = this.thread;
    copy.said.push(...this.said);
    for (const [digest, written] of this.written) copy.written.set(digest, written);
    return copy;
  }
}
