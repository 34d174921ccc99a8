// How matters are listed and shown: what is open, what was done by which role, and
// who must still hear of it.
import { stringify } from 'yaml';

import type { CaseworkClient, CaseworkResponse } from '#wire/contracts/casework.ts';

import { withNode } from './connection.ts';
import { answerPage, pageSince } from './pages.ts';
import { block, isoTime, when } from './text.ts';
import { UsageError } from './usage-error.ts';
import type { Call, Options } from './verb.ts';

type Kind = CaseworkResponse<'getMatter'>['matter']['kind'];
type Matter = CaseworkResponse<'getMatter'>;
type Step = Matter['steps'][number];

export const EXAMPLE_MATTER = '5f0c2b7a-63d1-4b0e-8f3a-1d2c3b4a5968';
export const matterOperand = (kind: Kind) => ({
  name: 'ID',
  help: `id of the record (srx ${kind} list)`,
});

/** What a record is about: a case of our own, or a referral. */
export const ABOUT: Options = {
  case: { value: 'CODE', help: 'local code of the case that it is about' },
  referral: { value: 'ID', help: 'or the referral, where there is no case' },
};
export const REQUEST_ID: Options = {
  'request-id': { value: 'UUID', help: 'of the same command before, to try it again' },
};

/** @throws UsageError */
export function aboutOf({ flags }: Call): { referralId: string; localCode: string } {
  const about = { referralId: flags.text('referral') ?? '', localCode: flags.text('case') ?? '' };
  if ((about.referralId === '') === (about.localCode === '')) {
    throw new UsageError('Say what it is about: either --case CODE or --referral ID.');
  }
  return about;
}

export async function listMatters(call: Call, kind: Kind, nothing: string): Promise<void> {
  const { items: matters, nextCursor } = await pageSince(
    call,
    'newest-first',
    async (client, request) => {
      const page = await client.listMatters({ kind, ...request });
      return { items: page.matters, nextCursor: page.nextCursor };
    },
    ({ openedAt }) => openedAt,
  );
  const lines = matters.flatMap((matter) => [
    `${when(matter.openedAt)}  ${matter.isOpen ? call.out.strong('open') : 'ended'}`,
    `  ${matter.matterId}`,
    ...block(aboutText(matter), '  '),
  ]);
  answerPage(
    call,
    { matters, nextCursor },
    {
      lines: ['Recorded (UTC)    State', ...lines],
      records: matters.map((one) => [
        one.matterId,
        one.isOpen ? 'open' : 'ended',
        one.referralId,
        one.localCode,
        isoTime(one.openedAt),
      ]),
      nothing,
    },
  );
}

export async function showMatter(call: Call, kind: Kind): Promise<void> {
  const matterId = call.operands[0] ?? '';
  const shown = await withNode(call, (client) => client.getMatter({ matterId }));
  const { matter, steps, untold } = shown;
  if (matter.kind !== kind) {
    throw new UsageError(`This is a ${matter.kind}: srx ${matter.kind} show ${matterId}.`);
  }
  const entries = shown.entries.map(({ content, ...entry }) => ({
    ...entry,
    content: content.length === 0 ? null : (JSON.parse(Buffer.from(content).toString()) as unknown),
  }));
  const said = entries.filter(({ what }) => what !== 'step');
  call.out.answer({ matter, entries, steps, untold }, [
    `${kind}, recorded ${when(matter.openedAt)} UTC, ${matter.isOpen ? 'open' : 'ended'}`,
    ...block(aboutText(matter), '  '),
    ...said.flatMap(({ what, at, byRole, content }) => [
      '',
      `${call.out.strong(what)}  ${when(at)}  by ${byRole}`,
      ...(content === null ? ['  erased'] : contentLines(content)),
    ]),
    ...(steps.length === 0 ? [] : ['', ...stepLines(call, steps)]),
    ...untold.flatMap(({ whom, againAt }) => [
      '',
      ...block(`Not told yet: the ${whom}. To be looked at again ${when(againAt)} UTC.`),
    ]),
  ]);
}

/** Times as a person reads them. */
function contentLines(content: unknown): string[] {
  return stringify(content)
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [, name, ms] = /^( *\w+At)Ms: (\d+)$/.exec(line) ?? [];
      return `  ${name === undefined ? line : `${name}: ${isoTime(Number(ms) / 1000)}`}`;
    });
}

export function stepLines({ out, io }: Call, steps: readonly Step[]): string[] {
  const nowSeconds = io.clock.now() / 1000;
  return steps.flatMap(({ step, words, who, dueAt, outcome, settledAt, byRole }) => {
    const isLate = outcome === '' && dueAt <= nowSeconds;
    const state =
      outcome === ''
        ? `${isLate ? out.bad('late') : 'open'}, by ${when(dueAt)} UTC, ${who}`
        : `${outcome}, ${when(settledAt)} UTC, ${byRole}`;
    return [`${out.strong(step)}  ${state}`, ...block(words, '  ')];
  });
}

/** --whom was told after all. */
export async function recordTold(
  call: Call,
  client: CaseworkClient,
  whom: 'person' | 'organisation',
  toldAt: number,
): Promise<void> {
  const matterId = call.operands[0] ?? '';
  await client.recordTold({ matterId, whom, toldAt });
  const heard = { matterId, whom, toldAt };
  call.out.answer(heard, [`It is written down that the ${whom} heard.`], [[matterId, whom]]);
}

function aboutText({ referralId, localCode }: Matter['matter']): string {
  return localCode === '' ? `referral ${referralId}` : `case ${localCode}`;
}
