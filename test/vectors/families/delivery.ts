// What the vectors of messages.json and receiving.json have in common: one
// parcel that arrives at a node which has received others before.

import { toBase64url } from '#crypto/digest.ts';
import type { ChainPosition, SectionContent } from '#model/message.ts';
import type { PartyName } from '../parties.ts';
import type { Written } from '../scribe.ts';
import type { Vector } from '../vector.ts';

/** Salt and content in base64url. */
export type GivenSection = { section: string; salt: string; content: string };

export type DeliveryInput = {
  receiver: PartyName;
  /** Whose certificate the call showed. */
  peer: PartyName;
  /** Digests of the messages of both, in the order in which the receiver got or wrote them. */
  given: string[];
  /** The receiver's clock when the parcel arrives. */
  now: number;
  jws: string;
  sections: GivenSection[];
};

export type DeliveryExpect =
  | { error: string; status: string }
  | { again: true }
  | {
      verdict: string;
      reason?: string;
      sectionsTaken: string[];
      /** What the receipt says of both chains; head is left out where the receiver refused. */
      head?: ChainPosition | null;
      read: ChainPosition | null;
      /** What the receiver appended by itself: its refusal of a message, or of a package. */
      appended?: { seq: number; seenSeq: number } & (
        | { refused: object }
        | { packageRefused: object }
      );
      status: string;
    };

export type DeliveryVector = Vector<DeliveryInput, DeliveryExpect>;

export function givenSections(contents: readonly SectionContent[]): GivenSection[] {
  return contents.map(({ section, salt, content }) => {
    return { section, salt: toBase64url(salt), content: toBase64url(content) };
  });
}

export function jwsOf(written: Map<string, Written>): Record<string, string> {
  const all = [...written].map(([digest, { jws }]) => [digest, jws] as const);
  return Object.fromEntries(all.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
