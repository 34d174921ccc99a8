// What a scene is: a thread for the fold to judge, and what each message and the
// whole must come to. Expectations are written by hand.
import type { Status } from '#model/crossing.ts';
import type { Grant } from '#model/message.ts';
import type { Verdict } from '#model/referral.ts';
import type { Side } from '#model/track.ts';
import { bodyOf, DAY, type Draft, type Line, START_SECONDS, STORY } from '#test/model/story.ts';
import type { Scribe } from '../scribe.ts';

type Word = Verdict['verdict'];

/** Verdicts that are not 'counts', by number; 'cut' where the fold never comes to it. */
type Exceptions = Partial<Record<Side, Record<number, Word | 'cut'>>>;

export type Scene = {
  name: string;
  check: string;
  status: Status;
  alarm?: boolean;
  except?: Exceptions;
  openQuestions?: number[];
  /** What is written; `loose` and `forks` are messages beside the chains. */
  write: (scribe: Scribe) => Promise<Aside | void>;
};
export type Aside = {
  loose?: { side: Side; digest: string }[];
  forks?: { side: Side; seq: number }[];
};

export const day = (n: number): Partial<Draft> => ({ sentAt: START_SECONDS + n * DAY });
export const at = START_SECONDS;

export const withdrawal = (fields: object = {}) =>
  bodyOf('consentWithdrawn', {
    whole: true,
    sections: [],
    stopReports: false,
    deleteSent: false,
    endServices: false,
    meetingWish: 'not-asked',
    ...fields,
  });
export const partly = (...sections: Grant['sections']) => withdrawal({ whole: false, sections });

/** The story up to and with the first such step of that side. */
export function until(side: Side, step: string): readonly Line[] {
  const index = STORY.findIndex(([by, name]) => by === side && name === step);
  if (index < 0) throw new Error(`the story has no ${side} ${step}`);
  return STORY.slice(0, index + 1);
}

export const tell =
  (...lines: readonly Line[]) =>
  async (scribe: Scribe) => {
    await scribe.tell(lines);
  };
export const REQUESTED = until('referring', 'referralRequest');
export const RECEIVED = until('receiving', 'receiptConfirmed');
export const ASSESSED = until('receiving', 'riskAssessed');
export const ASKED = until('receiving', 'clarificationAsked');
export const ACCEPTED = until('receiving', 'accepted');
export const RELEASED = until('referring', 'packageReleased');
export const PACKAGED = until('receiving', 'packageReceived');
export const PLANNED = until('referring', 'arrivalPlanned');
export const DEPARTED = until('referring', 'departed');
export const ARRIVED = until('receiving', 'arrived');
export const TAKEN = until('receiving', 'caseManagementTaken');
export const HANDED = until('referring', 'caseManagementHanded');

/** Replaces the body (the last field) by one with other bytes. */
export function withBody(bytes: Buffer, body: readonly number[]): Uint8Array {
  // Field 12, length-delimited. Nothing before it has this tag at a field's start.
  let place = 0;
  while (place < bytes.length && bytes[place] !== 0x62) place = afterField(bytes, place);
  return Buffer.concat([bytes.subarray(0, place), Buffer.from([0x62, body.length, ...body])]);
}

/** Where the next field begins; every tag here has one byte. */
function afterField(bytes: Buffer, place: number): number {
  let here = place + 1;
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[here] ?? 0;
    here += 1;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  return ((bytes[place] ?? 0) & 7) === 2 ? here + value : here;
}
