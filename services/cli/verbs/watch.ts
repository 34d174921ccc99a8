// srx watch: tracking events as they happen; ids and codes only.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

import { STATUSES } from '#model/crossing.ts';
import { Refusal } from '#model/refusal.ts';

import { withNode } from '../connection.ts';
import { Ended, EXIT } from '../exit-codes.ts';
import { readDuration } from '../times.ts';
import { type Call, CONNECTION_OPTIONS, type Verb } from '../verb.ts';

// What is shown of a CloudEvent; whatever else is in it goes to --json only.
const Shown = z.looseObject({
  type: z.string(),
  time: z.string(),
  data: z.looseObject({
    referralId: z.string().optional(),
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
    until: { value: 'STATUS', help: 'end when a referral gets there', choices: STATUSES },
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
    timeout === undefined
      ? undefined
      : sleep(readDuration('timeout', timeout), undefined, { signal: done.signal }).then(
          () => done.abort(),
          () => {},
        );
  const request = {
    referralId: flags.text('referral') ?? '',
    afterEventId: flags.text('after') ?? '',
  };
  try {
    out.progress('Waiting for events; Ctrl-C ends.');
    for await (const { event } of client.watch(request, signal)) {
      const parsed: unknown = JSON.parse(event);
      out.item(parsed, lineOf(parsed));
      if (until !== undefined && statusOf(parsed) === until) return;
    }
  } finally {
    done.abort();
    await timer;
  }
  if (io.signal.aborted) throw new Ended(EXIT.interrupted);
  if (timeout === undefined) throw new Refusal('UNAVAILABLE', 'The node ended the events.');
  if (until !== undefined) throw new Refusal('TIMED_OUT', `No referral came to ${until} in time.`);
}

function statusOf(event: unknown): string | undefined {
  return Shown.safeParse(event).data?.data.status;
}

function lineOf(event: unknown): string {
  const shown = Shown.safeParse(event).data;
  if (!shown) return 'an event of another form; see --json';
  const { referralId = '', step = '', status = '' } = shown.data;
  const what = shown.type.split('.').at(-1) ?? '';
  const time = shown.time.slice(0, 19).replace('T', ' ');
  return `${time}  ${referralId.slice(0, 8)}  ${what}  ${step}  ${status}`.trimEnd().slice(0, 80);
}
