// srx referral: the acts. Each has an id of its own that is kept over retries,
// so that the same command again does nothing twice.
import { uuid4 } from '#crypto/digest.ts';
import type { Grant } from '#model/message.ts';
import { Refusal } from '#model/refusal.ts';
import type { CaseworkClient, CaseworkResponse } from '#wire/contracts/casework.ts';

import type { ActVerb, View } from '../act.ts';
import { ACTS } from '../acts.ts';
import { confirm } from '../confirm.ts';
import { withNode } from '../connection.ts';
import { Ended, EXIT } from '../exit-codes.ts';
import { partnerOf } from '../partner.ts';
import { readWait, receiptOf, WAIT_OPTIONS } from '../receipt-wait.ts';
import { retried } from '../retry.ts';
import { readGrants } from '../section-file.ts';
import { noteIfStateRun } from '../state-run.ts';
import { block, isoTime } from '../text.ts';
import { readTime } from '../times.ts';
import { UsageError } from '../usage-error.ts';
import { type Call, CONNECTION_OPTIONS, type Options, type Verb, YES_OPTION } from '../verb.ts';
import { EXAMPLE_ID, REFERRAL } from './referral-operand.ts';

type Outcome = CaseworkResponse<'act'>['outcome'];

const WITH: Options = {
  with: { value: 'FILE', help: 'token of a second person, another one than yours' },
};
const GRANT: Options = {
  grant: {
    value: 'FILE',
    help: 'what the person said yes to besides, as in a case file',
    many: true,
  },
};
const REQUEST_ID: Options = {
  'request-id': { value: 'UUID', help: 'of the same act before, to try it again' },
};

// Ctrl-C after the act was sent must not hide that it is stored.
const ENDS_ITSELF = { handlesSignal: true } as const;

/** Of nearly every act. */
export const ACT_OPTIONS: Options = { ...WITH, ...GRANT, ...WAIT_OPTIONS, ...REQUEST_ID };

export const actVerbs: readonly Verb[] = [requestVerb(), releaseVerb(), ...ACTS.map(verbOf)];

function verbOf(act: ActVerb): Verb {
  const side = act.by === 'either' ? 'either side' : `${act.by} side`;
  const example = `srx referral ${act.name} ${EXAMPLE_ID}${act.example && ` ${act.example}`}`;
  return {
    noun: 'referral',
    name: act.name,
    summary: `${act.summary} (${side})`,
    examples: [act.severe ? `${example} --yes` : example],
    operands: [REFERRAL],
    options: {
      ...act.options,
      ...ACT_OPTIONS,
      ...CONNECTION_OPTIONS,
      ...(act.severe && YES_OPTION),
    },
    ...ENDS_ITSELF,
    run: (call) => runAct(act, call),
  };
}

async function runAct(act: ActVerb, call: Call): Promise<void> {
  const { flags, io } = call;
  const referralId = call.operands[0] ?? '';
  const grants: Grant[] = [];
  for (const file of flags.texts('grant')) grants.push(...(await readGrants(io, file)));
  const view = remembered(() =>
    withNode(call, (client) => retried(() => client.getReferral({ referralId }), io.signal)),
  );
  const { body, sections } = await act.make({ flags, io, view });
  if (act.severe !== undefined) await confirm(call, act.name, act.severe);
  await sendBy(call, (client, requestId) =>
    client.act({ requestId, referralId, body, sections, grants }),
  );
}

function requestVerb(): Verb {
  return {
    noun: 'referral',
    name: 'request',
    summary: 'starts a referral from a local case: the minimum set, to exactly one partner',
    examples: [
      'srx referral request HH-2026-0001 --to https://homeward-hands.example',
      'srx referral request HH-2026-0002 --to https://homeward-hands.example --with second.token',
    ],
    operands: [{ name: 'CODE', help: 'local code of the case' }],
    options: {
      to: { value: 'URL', help: 'entity id of the partner (srx member list)' },
      continues: { value: 'ID', help: 'an older referral that this one takes up again' },
      ...WITH,
      ...WAIT_OPTIONS,
      ...REQUEST_ID,
      ...CONNECTION_OPTIONS,
    },
    ...ENDS_ITSELF,
    run: async (call) => {
      const asked = {
        localCode: call.operands[0] ?? '',
        recipient: partnerOf(call),
        continuesReferralId: call.flags.text('continues') ?? '',
      };
      await withNode(call, (client) => noteIfStateRun(call, client, asked.recipient));
      await sendBy(call, (client, requestId) => client.requestReferral({ requestId, ...asked }));
    },
  };
}

function releaseVerb(): Verb {
  return {
    noun: 'referral',
    name: 'release',
    summary: 'releases the package, after the person said yes again (referring side)',
    examples: [`srx referral release ${EXAMPLE_ID} --reconfirmed-at 2027-01-05T10:00:00+01:00`],
    operands: [REFERRAL],
    options: {
      'reconfirmed-at': { value: 'TIME', help: 'when the person said yes again' },
      ...WITH,
      ...WAIT_OPTIONS,
      ...REQUEST_ID,
      ...CONNECTION_OPTIONS,
    },
    ...ENDS_ITSELF,
    run: (call) => {
      const said = call.flags.required('reconfirmed-at');
      const reconfirmedAt = readTime('reconfirmed-at', said, call.io.clock);
      const referralId = call.operands[0] ?? '';
      return sendBy(call, (client, requestId) =>
        client.releasePackage({ requestId, referralId, reconfirmedAt }),
      );
    },
  };
}

function sendBy(
  call: Call,
  act: (client: CaseworkClient, requestId: string) => Promise<{ outcome: Outcome }>,
): Promise<void> {
  const work = (client: CaseworkClient) =>
    send(call, client, (requestId) => act(client, requestId));
  return withNode(call, work, call.flags.text('with'));
}

async function send(
  call: Call,
  client: CaseworkClient,
  act: (requestId: string) => Promise<{ outcome: Outcome }>,
): Promise<void> {
  const { flags, io, out } = call;
  const requestId = flags.text('request-id') ?? uuid4();
  if (!/^[0-9a-f-]{36}$/.test(requestId)) throw new UsageError('--request-id must be a UUID.');
  const wait = readWait(call);
  let outcome: Outcome;
  try {
    ({ outcome } = await retried(() => act(requestId), io.signal));
  } catch (cause) {
    const isOpen = cause instanceof Refusal && ['UNAVAILABLE', 'TIMED_OUT'].includes(cause.code);
    if (isOpen) out.note(`To try the very same again, add:\n--request-id ${requestId}`);
    const isIllegal = cause instanceof Refusal && cause.code === 'ILLEGAL_STEP';
    if (isIllegal) out.note('srx referral show ID says what may be done now. Nothing was sent.');
    throw cause;
  }
  const receivedAt = await receiptOf(call, client, outcome, wait);
  const { referralId, seq, status } = outcome;
  const said =
    receivedAt > 0
      ? `Message ${seq} is stored, and the partner has it.`
      : `Message ${seq} is stored and on its way; it is sent by itself until the partner has it.`;
  out.answer(
    { ...outcome, receivedAt, requestId },
    [...block(said), `The referral is ${status}.`, `  referral ${referralId}`],
    [[referralId, seq, status, isoTime(receivedAt)]],
  );
  if (io.signal.aborted) throw new Ended(EXIT.interrupted);
}

function remembered(ask: () => Promise<View>): () => Promise<View> {
  let asked: Promise<View> | undefined;
  return () => {
    asked ??= ask();
    return asked;
  };
}
