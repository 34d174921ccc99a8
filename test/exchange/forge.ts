// Messages of a member that breaks the rules: made with its real keys by the
// functions that every node uses, but without the judgement of `send`.
import { sectionDigest, sha256, uuid4 } from '#crypto/digest.ts';
import { seal } from '#crypto/jwe.ts';
import { signJws } from '#crypto/jws.ts';
import type { SealingKey, SigningKey } from '#crypto/keys.ts';
import { MESSAGE_TYP } from '#exchange/context.ts';
import type { SectionName } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import type { Body, Grant, Message, SectionContent } from '#model/message.ts';
import type { Entry } from '#model/thread.ts';
import { codec } from '#wire/codec.ts';

export type Forger = {
  organisation: string;
  signingKey: SigningKey;
  /** The victim, and the key that it publishes. */
  to: { organisation: string; sealingKey: SealingKey };
  nowSeconds: number;
};

export type Forged = { jws: string; digest: string; message: Message; sections: SectionContent[] };

export type Parts = {
  body: Body;
  sections?: readonly SectionName[];
  grants?: Grant[];
  /** Any field of the message, to be as it should not be. */
  change?: Partial<Message>;
};

/** The next message after these, correct but for what `parts` changes. */
export async function forge(
  forger: Forger,
  referralId: string,
  chains: { own: readonly Pick<Entry, 'digest'>[]; theirs: readonly Pick<Entry, 'digest'>[] },
  { body, sections = [], grants = [], change = {} }: Parts,
): Promise<Forged> {
  const contents = sections.map((section) => {
    const content = new TextEncoder().encode(`{"forged":"${section}"}`);
    return { section, salt: new Uint8Array(limits.sectionSaltBytes).fill(7), content };
  });
  const read = chains.theirs.at(-1);
  const message: Message = {
    messageId: uuid4(),
    referralId,
    from: forger.organisation,
    to: forger.to.organisation,
    seq: chains.own.length + 1,
    previous: chains.own.at(-1)?.digest ?? '',
    ...(read && { seen: { seq: chains.theirs.length, digest: read.digest } }),
    sentAt: forger.nowSeconds,
    expiresAt: forger.nowSeconds + 24 * 60 * 60,
    sections: contents.map(({ section, salt, content }) => {
      return { section, digest: sectionDigest({ salt, referralId, section, content }) };
    }),
    grants,
    body,
    ...change,
  };
  const jws = await signJws(forger.signingKey, MESSAGE_TYP, codec.encodeMessage(message));
  return { jws, digest: sha256(jws), message, sections: contents };
}

export function sealed(
  { to }: Pick<Forger, 'to'>,
  { jws, sections }: Pick<Forged, 'jws' | 'sections'>,
): Promise<string> {
  return seal(to.sealingKey, codec.encodeParcel({ message: jws, sections }));
}
