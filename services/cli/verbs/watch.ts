// srx watch: tracking events as they happen; ids and codes only.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

import { STATUSES } from '#model/crossing.ts';
import { Refusal } from '#model/refusal.ts';

import { withNode } from '../connection.ts';
import { Ended, EXIT } from '../exit-codes.ts';
import type { PlainRecord } from '../output.ts';
import { readDuration } from '../times.ts';
import { type Call, CONNECTION_OPTIONS, type Verb } from '../verb.ts';

// What is shown of a CloudEvent; whatever else is in it goes to --json only.
const Shown = z.looseObject({
  id: z.string(),
  type: z.string(),
  time: z.string(),
  /** The referral, where it is about one. */
  subject: z.string().optional(),
  data: z.looseObject({
    step: z.string().optional(),
    status: z.string().optional(),
  }),
});

export const watch: Verb = {
  noun: '',
  name: 'watch',
  summary: 'shows events as they happen, until Ctrl-C; NDJSON with --json',
  examples: [
    'srx watch',
    'srx watch --referral 0b0c6d1e-4f7a-4a52-9d0f-2f1f7f3f6a10 --until accepted --timeout 10m',
    'srx watch --after EVENT_ID --json >> events.ndjson',
  ],
  options: {
    referral: { value: 'ID', help: 'only events of this one' },
    after: { value: 'EVENT_ID', help: 'go on after this event' },
    until: {
      value: 'STATUS',
      help: 'end when a referral gets there',
      choices: STATUSES.filter((name) => name !== 'none'),
    },
    timeout: { value: 'TIME', help: 'end after 30s, 5m or 2h; exit code 8 with --until' },
    ...CONNECTION_OPTIONS,
  },
  handlesSignal: true,
  run: (call) => withNode(call, (client) => follow(call, client)),
};

type Client = Parameters<Parameters<typeof withNode>[1]>[0];

async function follow(call: Call, client: Client): Promise<void> {
  const { flags, io, out } = call;
  const until = flags.text('until');
  const timeout = flags.text('timeout');
  const done = new AbortController();
  const signal = AbortSignal.any([io.signal, done.signal]);
  const timer =
    timeout === undefined ? undefined : endAfter(readDuration('timeout', timeout), done);
  out.progress('Waiting for events; times are UTC; Ctrl-C ends.');
  try {
    if (await untilThere(call, client, signal)) return;
  } finally {
    done.abort();
    await timer;
  }
  if (io.signal.aborted) throw new Ended(EXIT.interrupted);
  if (timeout === undefined) throw new Refusal('UNAVAILABLE', 'The node ended the events.');
  if (until !== undefined) throw new Refusal('TIMED_OUT', `No referral came to ${until} in time.`);
}

function endAfter(ms: number, done: AbortController): Promise<void> {
  return sleep(ms, undefined, { signal: done.signal }).then(
    () => done.abort(),
    () => {},
  );
}

/** True once the status of --until is there; false when the signal ended it. */
async function untilThere(call: Call, client: Client, signal: AbortSignal): Promise<boolean> {
  const until = call.flags.text('until');
  const referralId = call.flags.text('referral') ?? '';
  let afterEventId = call.flags.text('after') ?? '';
  // It may have got there before anybody watched.
  if (until !== undefined && referralId !== '') {
    const { referral } = await client.getReferral({ referralId });
    if (referral.status === until) return true;
  }
  try {
    for await (const { event } of client.watch({ referralId, afterEventId }, signal)) {
      const parsed: unknown = JSON.parse(event);
      const shown = Shown.safeParse(parsed).data;
      const { line, record } = lineOf(shown);
      call.out.item(parsed, line, record);
      afterEventId = shown?.id ?? afterEventId;
      if (until !== undefined && shown?.data.status === until) return true;
    }
    return false;
  } catch (cause) {
    const isLost = cause instanceof Refusal && cause.code === 'UNAVAILABLE';
    if (isLost && afterEventId !== '')
      call.out.note(`To go on from there, add:\n--after ${afterEventId}`);
    throw cause;
  }
}

type Line = { line: string; record: PlainRecord };

function lineOf(shown: z.infer<typeof Shown> | undefined): Line {
  if (!shown) return { line: 'an event of another form; see --json', record: [] };
  const { subject = '', data } = shown;
  const { step = '', status = '' } = data;
  const what = shown.type.split('.').at(-1) ?? '';
  const time = shown.time.slice(11, 19);
  const line = `${time}  ${subject.slice(0, 8)}  ${what.padEnd(16)}  ${step.padEnd(21)}  ${status}`;
  return { line: line.trimEnd(), record: [shown.time, subject, what, step, status] };
}
