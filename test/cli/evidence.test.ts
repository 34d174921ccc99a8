import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createSigningKey } from '#crypto/keys.ts';
import { StoryClock } from '#deploy/demo/clock.ts';
import type { Evidence } from '#exchange/evidence.ts';
import { PersonCopy } from '#model/person-copy.ts';
import { inFolder } from '#services/registry/registry-folder.ts';

import { type Said, srx } from './command.ts';
import { exampleSection, openDesks } from './desk.ts';

let folder: string;
let file: string;
let evidence: Evidence;
let anchor: string;
let copied: Said;
let refused: Said;

/** A request, its answer and one step more, exported; afterwards no node runs any more. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'srx-evidence-'));
  file = join(folder, 'referral.json');
  await using desks = await openDesks();
  await desks.referring.done('case import deploy/cases/adult.yaml');
  const { referralId } = await desks.referring.json(
    'referral request HH-2026-0001 --to https://homeward-hands.example',
  );
  const confirm = `--workers ${exampleSection('workers.yaml')}`;
  await desks.receiving.done(`referral confirm ${String(referralId)} ${confirm}`);
  const hold = '--reason awaiting-documents --review-at 2030-01-20';
  await desks.referring.done(`referral hold ${String(referralId)} ${hold}`);
  await desks.referring.done(`referral export ${String(referralId)} --out ${file}`);
  await desks.referring.done(`receipt print HH-2026-0001 --out ${folder}/note.html`);
  const copy = `consent copy HH-2026-0001 --out ${folder}/copy --show-personal`;
  copied = await desks.referring.type(`${copy} --yes`);
  refused = await desks.referring.type(copy);
  evidence = JSON.parse(await readFile(file, 'utf8')) as Evidence;
  const key = await readFile(inFolder(desks.world.federation.prepared.registryFolder).anchorKey);
  const registry = desks.world.federation.registry.entityId;
  await writeFile(join(folder, 'anchor.jwk.json'), key);
  anchor = ` --anchor ${folder}/anchor.jwk.json --registry-id ${registry}`;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const verify = (more = '', stdin?: string) =>
  srx(['verify', stdin === undefined ? file : '-', ...more.split(' ').filter(Boolean)], {
    ...(stdin !== undefined && { stdin }),
  });
/** The file with one thing otherwise. */
const changed = (change: (copy: Evidence) => void): string => {
  const copy = structuredClone(evidence);
  change(copy);
  return JSON.stringify(copy);
};

/** What somebody did to the file, and the check that finds it. */
const TAMPERED: [string, string, (copy: Evidence) => void][] = [
  ['a signature', 'signatures', (copy) => swapLetter(copy, 0, 2)],
  ['a signed word', 'signatures', (copy) => swapLetter(copy, 0, 1)],
  ['the first message less', 'chains', (copy) => void copy.messages.shift()],
  ['an answer less', 'seen', (copy) => void copy.messages.pop()],
  ['another state', 'state', (copy) => void (copy.status = 'completed')],
  ['another digest', 'state', (copy) => void (copy.stateDigest = '0'.repeat(64))],
  ['a receipt of another', 'receipts', (copy) => swapReceipts(copy)],
  ['a field more', 'format', (copy) => void Object.assign(copy, { note: 'x' })],
  ['swapped sides', 'signatures', (copy) => swapSides(copy)],
];

describe('srx consent copy', () => {
  it('writes a page and a machine file that only their owner may read, and warns', async () => {
    expect(copied).toMatchObject({ code: 0, err: expect.stringContaining('Read it before') });
    expect((await stat(join(folder, 'copy'))).mode & 0o777).toBe(0o700);
    for (const name of ['copy.html', 'copy.json']) {
      expect((await stat(join(folder, 'copy', name))).mode & 0o777).toBe(0o600);
    }
    const copy = PersonCopy.parse(
      JSON.parse(await readFile(join(folder, 'copy/copy.json'), 'utf8')),
    );
    expect(copy.holders.map(({ name }) => name)).toEqual(['Homeward Hands']);
    expect(await readFile(join(folder, 'copy/copy.html'), 'utf8')).toContain('Test Person One');
  });

  it('is not written where nobody says that it is meant, and over nothing', async () => {
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('Add --yes') });
    const words = 'consent copy HH-2026-0001 --out x --yes'.split(' ');
    expect(await srx(words)).toMatchObject({
      code: 2,
      err: expect.stringContaining('--show-personal'),
    });
  });
});

describe('srx receipt verify, of a paper that a real node printed', () => {
  it('holds with the key of the registry alone, and the page may be read by its owner only', async () => {
    const note = join(folder, 'note.html');
    const words = `receipt verify ${note}${anchor} --json`.split(' ');
    const { code, out } = await srx(words, { clock: new StoryClock() });
    expect([code, JSON.parse(out)]).toMatchObject([
      0,
      { ok: true, issuer: 'https://harbour-house.example', agreements: [{ ended: false }] },
    ]);
    expect((await stat(note)).mode & 0o777).toBe(0o600);
    expect(await readFile(note, 'utf8')).not.toMatch(/harbour|homeward/i);
  });
});

describe('srx referral export', () => {
  it('writes a file that only its owner can read, without a word of the person', async () => {
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const text = await readFile(file, 'utf8');
    for (const word of ['Test Person', '25-39', 'Worker Example', '+3597']) {
      expect(text).not.toContain(word);
      for (const { jws } of evidence.messages) {
        expect(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()).not.toContain(word);
      }
    }
  });
});

describe('srx verify', () => {
  it('says that the file holds, without any node, with and without the anchor', async () => {
    const bare = await verify();
    expect(bare).toMatchObject({ code: 0, err: '' });
    expect(bare.out).toMatch(/^Verified\. The referral is received\.\n/);
    expect(bare.out).toMatch(/ok +signatures +3 messages/);
    expect(bare.out).toMatch(/statements +not judged: no anchor/);
    expect(bare.out.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const pinned = await verify(anchor);
    expect(pinned.code).toBe(0);
    expect(pinned.out).not.toContain('Whose keys');
  });

  it('reads standard input, and answers in JSON', async () => {
    const { code, out } = await verify('--json', JSON.stringify(evidence));
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      ok: true,
      referralId: evidence.referralId,
      status: 'received',
    });
  });

  it.each(TAMPERED)(
    'ends with 5 for a file with %s, and names the check: %s',
    async (_, check, change) => {
      const { code, out } = await verify('', changed(change));
      expect(code).toBe(5);
      expect(out).toMatch(new RegExp(`^Not verified: ${check}\\.`));
      expect(out).toMatch(new RegExp(`NOT OK  ${check} `));
    },
  );

  it('ends with 5 for an anchor that is another registry’s', async () => {
    const { publicJwk } = await createSigningKey();
    await writeFile(join(folder, 'other.json'), JSON.stringify(publicJwk));
    const said = await verify(anchor.replace('anchor.jwk.json', 'other.json'));
    expect(said).toMatchObject({ code: 5, out: expect.stringContaining('NOT OK  statements') });
  });

  it('says what to do about a file that is none, and repeats nothing of it', async () => {
    expect(await verify('', 'no json canary')).toMatchObject({ code: 1 });
    expect((await verify('', 'no json canary')).err).toContain('export the referral again');
    const other = await verify('', '{"canary":1}');
    expect(other.code).toBe(5);
    expect(other.out).not.toContain('canary');
    expect(await srx(['verify', 'nowhere.json'])).toMatchObject({ code: 3 });
    expect(await verify(anchor.replace('anchor.jwk.json', 'none'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('anchor file cannot be read'),
    });
  });
});

function swapLetter({ messages }: Evidence, index: number, part: number): void {
  const message = messages[index];
  if (!message) throw new Error('no such message');
  const parts = message.jws.split('.');
  const text = parts[part] ?? '';
  const at = Math.floor(text.length / 2);
  const letter = text[at] === 'A' ? 'B' : 'A';
  parts[part] = text.slice(0, at) + letter + text.slice(at + 1);
  message.jws = parts.join('.');
}

function swapReceipts({ messages }: Evidence): void {
  const [first, second] = messages;
  if (!first || !second) throw new Error('too few messages');
  [first.receipt, second.receipt] = [second.receipt, first.receipt];
}

function swapSides(copy: Evidence): void {
  [copy.referring, copy.receiving] = [copy.receiving, copy.referring];
}
