// What can be checked after the story, each check by itself: equal state and
// chains, evidence verified offline, what was never sent, no private word.
import { join, relative } from 'node:path';

import type { EvidenceReport } from '#exchange/verify-evidence.ts';
import { verifyEvidence } from '#exchange/verify-evidence.ts';
import type { CaseFile } from '#model/case-file.ts';
import type { SectionName } from '#model/codes.ts';
import { Refusal } from '#model/refusal.ts';
import type { Side } from '#model/track.ts';
import { loadAnchor } from '#services/node/anchor.ts';
import { NODE_FILES } from '#services/node/config.ts';
import { codec } from '#wire/codec.ts';
import { type Federation, ORGANISATIONS } from './federation.ts';
import { type Place, type PrivateWord, privateWords, searchPlaces } from './private-words.ts';
import type { Told } from './story.ts';

export type Check = {
  check: 'same-state' | 'evidence' | 'receipts' | 'never-sent' | 'no-private-word';
  ok: boolean;
  /** The claim, which does not hold where `ok` is false. */
  claim: string;
  /** What was found. */
  found: string[];
};

export type Shown = {
  federation: Federation;
  /** Of each node and of the registry. */
  logFiles: readonly string[];
  caseFile: CaseFile;
  told: readonly Told[];
  referralId: string;
  /** JSON of what came back from NATS. */
  events: readonly string[];
};

export async function* prove(shown: Shown): AsyncGenerator<Check, void, void> {
  const exports = {
    referring: await look(shown, 'referring'),
    receiving: await look(shown, 'receiving'),
  };
  yield sameState(exports);
  yield* evidence(exports);
  yield receipts(shown);
  yield await neverSent(shown);
  yield await noPrivateWord(shown);
}

const SIDES = ['referring', 'receiving'] as const;

type Look = { status: string; state: string; chain: string[]; report: EvidenceReport };

/** What one node says of the referral, and whether its export stands by itself. */
async function look({ federation, referralId }: Shown, side: Side): Promise<Look> {
  const client = federation.nodes[side].client();
  const { referral, timeline, stateDigest: state } = await client.getReferral({ referralId });
  const chain = timeline.map((line) => `${line.author} ${line.seq} ${line.digest}`).toSorted();
  const { evidence: file } = await client.exportReferral({ referralId });
  const { registry } = federation.prepared.configs[side];
  const anchor = registry && (await loadAnchor(registry.entityId, registry.anchorFile));
  const value: unknown = JSON.parse(Buffer.from(file).toString());
  const report = await verifyEvidence(codec, value, anchor ?? undefined);
  return { status: referral.status, state, chain, report };
}

function sameState({ referring, receiving }: Record<Side, Look>): Check {
  const chainsAreEqual = referring.chain.join() === receiving.chain.join();
  const statesAreEqual = referring.state === receiving.state;
  const isSame = referring.status === receiving.status;
  return {
    check: 'same-state',
    ok: chainsAreEqual && statesAreEqual && isSame && referring.chain.length > 0,
    claim: 'Both nodes computed the same state from the same two chains.',
    found: [
      ...SIDES.map((side) => {
        const { status, state } = side === 'referring' ? referring : receiving;
        return `${ORGANISATIONS[side].name}: ${status}, state ${state.slice(0, 32)}…`;
      }),
      chainsAreEqual
        ? `${referring.chain.length} messages, the same SHA-256 of each at both`
        : 'the messages at one are not those at the other',
    ],
  };
}

function* evidence(exports: Record<Side, Look>): Generator<Check> {
  const words = SIDES.map((side) => {
    const { report, state } = exports[side];
    const failed = report.checks.find((check) => !check.ok);
    const isSame = report.stateDigest === state;
    const ok = report.ok && isSame && report.checks.length > 0;
    const said = failed ? `${failed.check}: ${failed.detail}` : 'another state than the node’s';
    const names = report.checks.map((check) => check.check).join(', ');
    return { ok, said: ok ? `${report.checks.length} checks hold` : said, side, names };
  });
  yield {
    check: 'evidence',
    ok: words.every((word) => word.ok),
    claim: 'Taken out as a file, the referral can be verified by anybody, without a node.',
    found: [
      ...words.map(({ side, said }) => `as ${ORGANISATIONS[side].name} exports it: ${said}`),
      `in this order: ${words[0]?.names}`,
    ],
  };
}

function receipts({ told }: Shown): Check {
  const without = told.filter((beat) => !beat.receiptVerified);
  return {
    check: 'receipts',
    ok: without.length === 0 && told.length > 0,
    claim: 'Every message has a receipt, signed by its receiver and verified by its sender.',
    found: [`${told.length - without.length} of ${told.length}`],
  };
}

/** Asked as a worker of the partner would ask. */
async function neverSent({ federation, referralId, caseFile, told }: Shown): Promise<Check> {
  const client = federation.nodes.receiving.client();
  const sent = new Set<string>(told.flatMap((beat) => beat.sealed));
  const kept = (Object.keys(caseFile.sections) as SectionName[]).filter((name) => !sent.has(name));
  const { sections } = await client.getReferral({ referralId });
  const answers: string[] = [];
  for (const section of kept) {
    const answer = await client.openSection({ referralId, section }).then(
      () => 'OPENED',
      (cause: unknown) => (cause instanceof Refusal ? cause.code : 'ERROR'),
    );
    const isNamed = sections.some((line) => line.section === section);
    answers.push(isNamed ? `${answer}, though it is listed there` : answer);
  }
  const names = kept.join(', ');
  return {
    check: 'never-sent',
    ok: kept.length > 0 && answers.every((answer) => answer === 'NOT_CONSENTED'),
    claim: `She said no to sharing one part, ${names}: it never left ${ORGANISATIONS.referring.name}.`,
    found: kept.map(
      (name, index) => `${ORGANISATIONS.receiving.name} asks for ${name}: ${answers[index]}`,
    ),
  };
}

const FOUND_SHOWN_MAX = 10;

/** In the streams of both nats-servers and in every log. */
async function noPrivateWord(shown: Shown): Promise<Check> {
  const words = wordsOf(shown);
  const search = await untilFlowed(placesOf(shown), words);
  const { folder } = shown.federation.prepared;
  const places = search.found.map(({ field, file }) => `${field} in ${relative(folder, file)}`);
  const distinct = [...new Set(places)];
  return {
    check: 'no-private-word',
    ok: search.found.length === 0 && search.blind.length === 0 && words.length > 0,
    claim: 'No word of hers is in the events on NATS, nor in any log.',
    found: [
      `${words.length} words, names and numbers looked for in ${Math.ceil(search.bytes / 1024)} KiB, as they are and in base64: ${search.found.length} found`,
      ...distinct.slice(0, FOUND_SHOWN_MAX).map((place) => `FOUND: ${place}`),
      ...(distinct.length > FOUND_SHOWN_MAX
        ? [`and ${distinct.length - FOUND_SHOWN_MAX} more`]
        : []),
      search.blind.length === 0
        ? 'the ids that must be there are there, so the search can see'
        : `NOT SEEN, though it must be there: ids in ${search.blind.map((path) => relative(folder, path)).join(', ')}`,
      ...shown.events
        .filter(isOfPackage)
        .slice(0, 1)
        .map((json) => `all that an event says: ${spaced(json)}`),
    ],
  };
}

function isOfPackage(json: string): boolean {
  return json.includes('"packageReleased"');
}

/** JSON on lines that can be broken. */
function spaced(json: string): string {
  return JSON.stringify(JSON.parse(json), null, 1).replaceAll(/\n */g, ' ');
}

/** Of the case, and of what workers wrote on the way. */
function wordsOf({ caseFile, told }: Pick<Shown, 'caseFile' | 'told'>): PrivateWord[] {
  const written = told.flatMap((beat) => beat.written);
  return privateWords({
    case: caseFile.sections,
    ...Object.fromEntries(
      written.map(({ section, content }, index): [string, unknown] => {
        return [`${section} ${index + 1}`, JSON.parse(Buffer.from(content).toString())];
      }),
    ),
  });
}

function placesOf({ federation, logFiles, told, referralId }: Shown): Place[] {
  const messages = told.map((beat) => beat.messageId);
  const stores = SIDES.map((side) => ({
    path: join(federation.prepared.configs[side].folder, NODE_FILES.nats, 'store'),
    known: [referralId, ...messages],
  }));
  const known = [ORGANISATIONS.referring.organisation];
  return [...stores, ...logFiles.map((path) => ({ path, known }))];
}

const TRIES_MAX = 50;

/** Events come a moment after the commit. */
async function untilFlowed(places: readonly Place[], words: readonly PrivateWord[]) {
  for (let tries = 1; ; tries += 1) {
    const isLast = tries >= TRIES_MAX;
    const seen = await searchPlaces(places, []);
    if (seen.blind.length === 0 || isLast) return searchPlaces(places, words);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
