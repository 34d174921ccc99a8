// The demo: a registry and two organisations on this machine, one referral from
// the request to the end, and what can be proved of it afterwards.
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { SectionName } from '#model/codes.ts';
import { Refusal } from '#model/refusal.ts';
import { readCaseFile } from '#services/cli/case-file-reader.ts';
import { NODE_FILES } from '#services/node/config.ts';
import { jsonLog } from '#services/node/log.ts';
import { StoryClock } from './clock.ts';
import { type Federation, ORGANISATIONS, startFederation } from './federation.ts';
import { type Output, Printer } from './print.ts';
import { privateWords, searchFiles } from './private-words.ts';
import { type Told, tell } from './story.ts';

export type DemoOptions = {
  /** End after the story. */
  once: boolean;
  output: Output;
  env: Readonly<Record<string, string | undefined>>;
  /** Ends the demo that stays up. */
  signal: AbortSignal;
};

/** @returns the exit code: 1 when anything shown did not hold */
export async function demo({ once, output, env, signal }: DemoOptions): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'srx-demo-'));
  const print = new Printer(output);
  const clock = new StoryClock();
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  print.line('SRX, the Safe Return Exchange: one referral crosses a border.');
  print.line('People and organisations are invented.');
  print.progress('making keys, certificates and databases');
  const logs = new Map(
    (['referring', 'receiving', 'registry'] as const).map((who) => [
      who,
      stack.adopt(createWriteStream(join(folder, `${who}.log`)), (file) => {
        return new Promise<void>((resolve) => file.end(() => resolve()));
      }),
    ]),
  );
  const federation = stack.use(
    await startFederation({
      folder,
      clock,
      logOf: (who) => jsonLog('info', clock, (line) => void logs.get(who)?.write(line)),
      env,
      progress: (line) => print.progress(line),
    }),
  );
  introduce(print, federation);
  const caseFile = await exampleCase();
  const { beats, referralId } = await tellAll(print, federation, clock, caseFile);
  const holds = await prove(print, { federation, folder, caseFile, beats, referralId });
  if (once || !holds) return holds ? 0 : 1;
  commands(print, federation, referralId);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });
  print.line();
  print.line('Stopping. The folder of the demo is removed.');
  return 0;
}

function introduce(print: Printer, federation: Federation): void {
  print.heading('Who takes part');
  const { referring, receiving } = ORGANISATIONS;
  print.line(`  ${referring.name.padEnd(16)} ${referring.organisation}`);
  print.paragraph('where she is now; starts the referral (destination)', 19);
  print.line(`  ${receiving.name.padEnd(16)} ${receiving.organisation}`);
  print.paragraph('where she comes from; will meet her (origin)', 19);
  print.line(`  ${'Registry'.padEnd(16)} ${federation.registry.entityId}`);
  print.paragraph('says who is a member; sees no message', 19);
  print.line();
  print.paragraph(
    'Each node has its own keys, TLS certificate, SQLite file and nats-server. What follows really happens between them; only the clock is moved on, so the times are story time.',
  );
}

async function exampleCase() {
  const file = new URL('../cases/adult.yaml', import.meta.url);
  const read = readCaseFile(await readFile(file, 'utf8'), 'adult.yaml');
  if (!read.ok) throw new Error('the example case file is wrong');
  return read.caseFile;
}

async function tellAll(
  print: Printer,
  federation: Federation,
  clock: StoryClock,
  caseFile: Awaited<ReturnType<typeof exampleCase>>,
): Promise<{ beats: Told[]; referralId: string }> {
  print.heading('The story (story time; all sections travel sealed)');
  const startMs = clock.now();
  const beats: Told[] = [];
  const story = tell({
    federation,
    clock,
    caseFile: new TextEncoder().encode(JSON.stringify(caseFile)),
    localCode: caseFile.localCode,
  });
  for (;;) {
    print.progress('waiting for the next step and its receipt');
    const next = await story.next();
    if (next.done) return { beats, referralId: next.value.referralId };
    beats.push(next.value);
    print.beat(next.value, ORGANISATIONS[next.value.side].name, startMs);
  }
}

type Shown = {
  federation: Federation;
  folder: string;
  caseFile: Awaited<ReturnType<typeof exampleCase>>;
  beats: Told[];
  referralId: string;
};

async function prove(print: Printer, shown: Shown): Promise<boolean> {
  const { federation, folder, caseFile, beats, referralId } = shown;
  print.heading('What can be checked');
  const ours = await federation.nodes.referring.client().getReferral({ referralId });
  const theirs = await federation.nodes.receiving.client().getReferral({ referralId });
  const isEqual = ours.stateDigest === theirs.stateDigest;
  print.check(
    isEqual,
    `Both nodes computed the same state from the same two chains: ${ours.referral.status}, sha256 ${ours.stateDigest.slice(0, 16)}… and ${theirs.stateDigest.slice(0, 16)}…`,
  );
  const isProved = beats.every((beat) => beat.receiptVerified);
  print.check(isProved, `${beats.length} messages, each with a signed receipt that was verified.`);
  const stayed = Object.keys(caseFile.sections).filter(
    (name) => !theirs.sections.some((s) => s.section === name),
  );
  const isKept = stayed.includes('family') && (await isClosed(federation, referralId, 'family'));
  print.check(
    isKept,
    `She said no to section ${stayed.join(', ')}: it was never sealed for ${ORGANISATIONS.receiving.name}. The case file, its local code and her other contacts stayed at ${ORGANISATIONS.referring.name} too.`,
  );
  const places = (['referring', 'receiving'] as const).flatMap((side) => [
    join(folder, side, NODE_FILES.nats, 'store'),
    join(folder, `${side}.log`),
  ]);
  const search = await untilFlowed(places, privateWords(caseFile.sections), referralId);
  const isClean = search.found.length === 0 && search.sawEvents;
  print.check(
    isClean,
    `${search.words} personal words of the case looked for in ${Math.round(search.bytes / 1024)} KiB of NATS streams and logs: ${search.found.length} found.`,
  );
  return isEqual && isProved && isKept && isClean;
}

/** Asked as a worker of the partner would ask. */
async function isClosed(
  federation: Federation,
  referralId: string,
  section: SectionName,
): Promise<boolean> {
  const client = federation.nodes.receiving.client();
  return client.openSection({ referralId, section }).then(
    () => false,
    (error: unknown) => error instanceof Refusal && error.code === 'NOT_CONSENTED',
  );
}

/** Events come a moment after the commit. */
async function untilFlowed(places: string[], words: string[], referralId: string) {
  for (let tries = 0; ; tries += 1) {
    const search = await searchFiles(places, words, referralId);
    if (search.sawEvents || tries >= 50) return search;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function commands(print: Printer, federation: Federation, referralId: string): void {
  const { referring, receiving } = federation.prepared.configs;
  print.heading('Everything stays up. Try it, in another terminal');
  print.line(`  export SRX_FOLDER=${referring.folder}`);
  print.line('  npx srx referral list');
  print.line(`  npx srx referral show ${referralId}`);
  print.line('  npx srx inbox');
  print.line('  npx srx member list');
  print.line('  npx srx watch --json');
  print.line(`  npx srx referral export ${referralId} > evidence.json`);
  print.line('  npx srx verify evidence.json');
  print.line('  npx srx doctor');
  print.line();
  print.line('  # and as the partner');
  print.line(`  export SRX_FOLDER=${receiving.folder}`);
  print.line(`  npx srx referral open ${referralId} health --show-personal`);
  print.line();
  print.line('Ctrl-C ends it and removes what it made.');
}
