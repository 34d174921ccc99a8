// Sections on their way in and out: digests to bind them, a key for each section
// of each referral to keep them, the gate to let them go.
import { decryptAtRest, encryptAtRest } from '#crypto/at-rest.ts';
import { equalDigests, randomBytes, sectionDigest } from '#crypto/digest.ts';
import type { SectionName } from '#model/codes.ts';
import { type ErasureRecord, keyGeneration } from '#model/erasure-record.ts';
import { type Known, throughGate } from '#model/gate.ts';
import { limits } from '#model/limits.ts';
import type { Content, SectionContent } from '#model/message.ts';
import { Refusal } from '#model/refusal.ts';
import type { ExchangeContext } from './context.ts';
import type { Author, StoredSection } from './ports.ts';

type Place = { referralId: string; author: Author; seq: number };

/** Fresh salts and digests for the sections of a new message. */
export function digested(
  referralId: string,
  sections: readonly { section: SectionName; content: Uint8Array }[],
): { digests: Content['sections']; contents: SectionContent[] } {
  const contents = sections.map(({ section, content }) => {
    return { section, salt: randomBytes(limits.sectionSaltBytes), content };
  });
  const digests = contents.map(({ section, salt, content }) => {
    return { section, digest: sectionDigest({ salt, referralId, section, content }) };
  });
  return { digests, contents };
}

/**
 * Every section of a parcel must be one that the signed message names, with
 * the digest that it names: sections are outside the signature.
 * @throws Refusal SCHEMA_VIOLATION; nothing of the message is at fault, so it
 *   is rejected and may be tried again.
 */
export function checkDigests(
  referralId: string,
  named: Content['sections'],
  sections: readonly SectionContent[],
): void {
  const met = new Set<SectionName>();
  for (const { section, salt, content } of sections) {
    const digest = named.find((n) => n.section === section)?.digest;
    const fits =
      digest !== undefined &&
      !met.has(section) &&
      content.length <= limits.sectionBytesMax &&
      equalDigests(digest, sectionDigest({ salt, referralId, section, content }));
    if (!fits) {
      throw new Refusal(
        'SCHEMA_VIOLATION',
        `sections: ${section} is not what the signed message names; seal the parcel again.`,
      );
    }
    met.add(section);
  }
}

/** Those that may be held by this recipient now; the others are left out. */
export function permitted<S extends { section: SectionName }>(
  known: Known,
  recipient: string,
  nowSeconds: number,
  sections: readonly S[],
): S[] {
  const names = sections.map(({ section }) => section);
  const passes = new Set(throughGate(known, { recipient, nowSeconds }, names).passes);
  return sections.filter(({ section }) => passes.has(section));
}

/** The key of one section of a referral: to destroy it is to erase every version of the section. */
export function sectionKeyId(referralId: string, section: SectionName, generation: number): string {
  const id = `${referralId}/${section}`;
  return generation === 1 ? id : `${id}/${generation}`;
}

/**
 * Each under its own key, which is on disk before this returns.
 * @param erasure what was erased of the referral: a key that was destroyed is never made again
 * @param named the digests under which the message names them, each checked or just made
 */
export async function sealAtRest(
  context: ExchangeContext,
  place: Place,
  erasure: ErasureRecord,
  named: Content['sections'],
  contents: readonly SectionContent[],
): Promise<StoredSection[]> {
  // At once, so that they share one sync of the key file.
  return Promise.all(
    contents.map(async ({ section, salt, content }) => {
      const generation = keyGeneration(erasure, section);
      const key = await context.keyFile.ensure(sectionKeyId(place.referralId, section, generation));
      const bytes = Buffer.concat([salt, content]);
      const sealed = encryptAtRest(key, contextOf(place, section), bytes);
      return { ...place, section, digest: digestOf(named, section), generation, sealed };
    }),
  );
}

function digestOf(named: Content['sections'], section: SectionName): string {
  const found = named.find((one) => one.section === section);
  if (!found) throw new Error('a section that its message does not name');
  return found.digest;
}

/** @throws Refusal KEY_UNAVAILABLE where the key was destroyed */
export function openAtRest(context: ExchangeContext, stored: StoredSection): SectionContent | null {
  if (stored.sealed === null) return null;
  const { referralId, section, generation } = stored;
  const key = context.keyFile.get(sectionKeyId(referralId, section, generation));
  if (!key) {
    throw new Refusal('KEY_UNAVAILABLE', `Section ${section}: its key is not in the key file.`);
  }
  const bytes = decryptAtRest(key, contextOf(stored, stored.section), stored.sealed);
  return {
    section: stored.section,
    salt: bytes.subarray(0, limits.sectionSaltBytes),
    content: bytes.subarray(limits.sectionSaltBytes),
  };
}

function contextOf(place: Place, section: SectionName): string {
  return `srx-section-at-rest.v1:${place.referralId}:${place.author}:${place.seq}:${section}`;
}
