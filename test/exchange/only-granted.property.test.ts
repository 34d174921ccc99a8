import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { open, readJweHeader } from '#crypto/jwe.ts';
import { PERSONAL_SECTIONS, type PersonalSection, type SectionName } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import type { Grant } from '#model/message.ts';
import { consentFor } from '#test/model/consent-sample.ts';
import { codec } from '#wire/codec.ts';
import { withdrawal } from './adversary.ts';
import { draftOf, grantTo, IDS, type Pair, startPair } from './pair.ts';
import { storyUpTo, walk } from './walk.ts';

const ALWAYS: readonly PersonalSection[] = ['consent', 'contact', 'danger'];
/** The request's own yes, of other stages, serves these longer. */
const ASKED_BEFORE: readonly PersonalSection[] = ['minimum', 'note', 'risk'];
const OTHERS = PERSONAL_SECTIONS.filter(
  (name) => ![...ALWAYS, ...ASKED_BEFORE, 'report'].includes(name),
);
const LINK_DOWN_SECONDS = 2 * 60 * 60;
const text = new TextEncoder();

/** What the person said of each section of the plan, and what happens before it is delivered. */
const saying = fc.record({
  plan: fc.subarray(OTHERS, { minLength: 1 }),
  yes: fc.subarray(OTHERS),
  yesForMe: fc.subarray(OTHERS),
  endsSoon: fc.subarray(OTHERS),
  takenBack: fc.subarray(OTHERS),
  isLate: fc.boolean(),
});
type Saying = typeof saying extends fc.Arbitrary<infer T> ? T : never;

const canaryOf = (section: SectionName) => `ZZ-${section.toUpperCase()}-CANARY`;

function contentOf(section: SectionName): Uint8Array {
  const receipt = consentFor(IDS.receiving, { piiInformation: [...PERSONAL_SECTIONS] });
  return text.encode(JSON.stringify(section === 'consent' ? receipt : { c: canaryOf(section) }));
}

async function sendPackage(
  pair: Pair,
  referralId: string,
  said: Saying,
  sections: readonly PersonalSection[],
) {
  const now = Math.floor(pair.clock.now() / 1000);
  const soon = now + LINK_DOWN_SECONDS / 2;
  const lasting = said.yes.filter((name) => !said.endsSoon.includes(name));
  const ending = said.yes.filter((name) => said.endsSoon.includes(name));
  const grants: Grant[] = [
    grantTo('receiving', 'package', [...ALWAYS, ...lasting]),
    ...(ending.length > 0 ? [grantTo('receiving', 'package', ending, soon)] : []),
    // A yes for another direction is none for this one.
    ...(said.yesForMe.length > 0 ? [grantTo('referring', 'package', said.yesForMe)] : []),
  ];
  const packageReleased = { reconfirmedAt: now, secondPerson: false, short: false };
  const draft = draftOf(referralId, { step: 'packageReleased', packageReleased });
  await pair.referring.exchange.send({
    ...draft,
    sections: sections.map((section) => ({ section, content: contentOf(section) })),
    grants,
  });
}

/** Sections of the newest parcel, opened with the recipient's own key. */
async function opened(pair: Pair, parcel: string): Promise<SectionName[]> {
  const { kid } = readJweHeader(parcel, limits.parcelJweBytesMax);
  const key = pair.receiving.keyring.opening(kid);
  if (!key) throw new Error('sealed to a strange key');
  const { sections } = codec.decodeParcel(await open(parcel, key, limits.parcelJweBytesMax));
  return sections.map(({ section }) => section);
}

describe('what a recipient can decrypt', () => {
  it('is exactly what the person agreed to and did not take back, for any plan, at any time', async () => {
    await fc.assert(
      fc.asyncProperty(saying, async (said) => {
        const pair = await startPair();
        try {
          const referralId = await walk(pair, storyUpTo('receiving', 'accepted'));
          const plan = [...ALWAYS, ...said.plan];
          const granted = plan.filter((name) => ALWAYS.includes(name) || said.yes.includes(name));
          if (granted.length < plan.length) {
            // Asking for more than was granted sends nothing at all.
            const sending = sendPackage(pair, referralId, said, plan);
            await expect(sending).rejects.toMatchObject({ code: 'NOT_CONSENTED' });
            expect((await pair.receiving.open(referralId)).state.status).toBe('accepted');
          }
          let isDown = true;
          const parcels: string[] = [];
          pair.onDeliver = (from, parcel) => {
            if (isDown) throw new Error('the link is down');
            if (from === 'referring') parcels.push(parcel);
            return parcel;
          };
          await sendPackage(pair, referralId, said, granted);
          await pair.settle();
          if (said.takenBack.length > 0) {
            const body = withdrawal({ whole: false, sections: [...said.takenBack] });
            await pair.referring.exchange.send(draftOf(referralId, body));
            await pair.settle();
          }
          if (said.isLate) pair.clock.pass(LINK_DOWN_SECONDS);
          isDown = false;
          pair.clock.pass(5);
          await expect
            .poll(async () => (await pair.receiving.open(referralId)).state.referring.packageSeq)
            .toBeGreaterThan(0);
          await pair.settle();
          const allowed = granted.filter(
            (name) =>
              !said.takenBack.includes(name) && !(said.isLate && said.endsSoon.includes(name)),
          );
          const found = (await Promise.all(parcels.map((p) => opened(pair, p)))).flat();
          expect([...new Set(found)].toSorted()).toEqual(allowed.toSorted());
          const rows = await pair.receiving.store.listSections(referralId);
          const held = rows.filter((r) => r.author === 'peer' && r.sealed !== null);
          const packaged = held
            .map((r) => r.section)
            .filter((name) => plan.includes(name as never));
          expect(packaged.toSorted()).toEqual(allowed.toSorted());
          await pair.receiving.restart();
          const file = await readFile(pair.folder.path('receiving.db'));
          for (const section of plan) expect(file.includes(canaryOf(section))).toBe(false);
        } finally {
          await pair[Symbol.asyncDispose]();
        }
      }),
      { numRuns: 8 },
    );
  }, 60_000);
});
