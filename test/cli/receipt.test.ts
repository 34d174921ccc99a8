import { chmod, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { sha256 } from '#crypto/digest.ts';
import { createSigningKey } from '#crypto/keys.ts';
import {
  type PaperReceipt,
  type SealedReceipt,
  sealPaperReceipt,
} from '#exchange/paper-receipt.ts';
import { receiptPage } from '#services/paper/receipt-page.ts';
import { type Folder, makeFolder } from '#test/crypto/folder.ts';
import { signKeyAttestation } from '#trust/key-attestation.ts';

import { type Surroundings, srx } from './command.ts';

const REGISTRY = 'https://registry.example';
const ISSUER = 'https://harbour.example';
const NOW = 1_800_000_000;
const receipt: PaperReceipt = {
  iss: ISSUER,
  iat: NOW,
  agreements: [{ record: sha256('record'), given: '2027-01-15', ends: [{ until: '2027-02-14' }] }],
};

let folder: Folder;
let sealed: SealedReceipt;

beforeAll(async () => {
  folder = await makeFolder();
  const [registry, stranger, message] = [
    await createSigningKey(),
    await createSigningKey(),
    await createSigningKey(),
  ];
  const at = { superior: REGISTRY, subject: ISSUER, nowSeconds: NOW };
  const attestation = await signKeyAttestation(registry, { ...at, messageKey: message.publicJwk });
  sealed = await sealPaperReceipt(receipt, message, [attestation]);
  await writeFile(folder.path('anchor.json'), JSON.stringify(registry.publicJwk));
  await writeFile(folder.path('stranger.json'), JSON.stringify(stranger.publicJwk));
  await writeFile(folder.path('note.html'), receiptPage({ ...sealed, receipt, size: 'A5' }));
  await writeFile(folder.path('code.txt'), `${sealed.code.toLowerCase()}\n`, { mode: 0o600 });
});
afterAll(() => folder[Symbol.asyncDispose]());

function verify(
  what: string,
  around: Surroundings = {},
  anchor = 'anchor.json',
  more: string[] = [],
) {
  const pin = ['--anchor', folder.path(anchor), '--registry-id', REGISTRY];
  const clock = { now: () => (NOW + 86_400) * 1000 };
  return srx(['receipt', 'verify', what, ...pin, ...more], { clock, ...around });
}
const withCode = () => ['--code-file', folder.path('code.txt')];

describe('srx receipt verify', () => {
  it('reads the page, which bears its code, and says who wrote it and until when it holds', async () => {
    const { code, out, err } = await verify(folder.path('note.html'));
    expect([code, out]).toEqual([0, expect.stringContaining('written on 15 January 2027.')]);
    expect(out).toContain(ISSUER);
    expect(out).toContain('until 14 February 2027');
    expect(out).toContain(sha256('record'));
    expect(err).toContain('A no that came later is not on the paper');
  });

  it('takes the text of the QR code as a word, from a file or by standard input', async () => {
    const file = folder.path('scanned.txt');
    await writeFile(file, `${sealed.text.replace(/(.{60})/g, '$1\n')}\n`);
    for (const [what, stdin] of [[sealed.text], [file], ['-', sealed.text]] as const) {
      const said = await verify(what, { stdin: stdin ?? '' }, 'anchor.json', withCode());
      expect(said, what.slice(0, 8)).toMatchObject({ code: 0 });
    }
  });

  it('asks for the code at a terminal, and takes it from a file elsewhere; no flag takes it', async () => {
    const asked = await verify(sealed.text, { isTty: true, answers: [sealed.code] });
    expect(asked).toMatchObject({ code: 0, asked: ['The code on the paper: '] });
    expect((await verify(sealed.text)).err).toContain('--code-file');
    expect(await verify(sealed.text, {}, 'anchor.json', ['--code', sealed.code])).toMatchObject({
      code: 2,
    });
    await chmod(folder.path('code.txt'), 0o644);
    expect((await verify(sealed.text, {}, 'anchor.json', withCode())).err).toContain('0600');
    await chmod(folder.path('code.txt'), 0o600);
  });

  it('ends with 5 under another registry, with another code or a changed text', async () => {
    const wrong = await verify(folder.path('note.html'), {}, 'stranger.json');
    expect([wrong.code, wrong.out]).toEqual([5, '']);
    const answers = ['7K2M-9QDX-4TVB'];
    const other = await verify(sealed.text, { isTty: true, answers });
    expect([other.code, other.out]).toEqual([5, '']);
    const bent =
      sealed.text.slice(0, 99) + (sealed.text[99] === '7' ? '8' : '7') + sealed.text.slice(100);
    expect(await verify(bent, {}, 'anchor.json', withCode())).toMatchObject({ code: 5, out: '' });
  });

  it('says what has ended, in the document for programs too', async () => {
    const clock = { now: () => Date.UTC(2027, 1, 15) };
    const { out } = await verify(folder.path('note.html'), { clock }, 'anchor.json', ['--json']);
    expect(JSON.parse(out)).toMatchObject({
      ok: true,
      issuer: ISSUER,
      attestedBy: REGISTRY,
      agreements: [{ given: '2027-01-15', ended: true }],
    });
    const lastDay = { now: () => Date.UTC(2027, 1, 14, 23) };
    const then = await verify(folder.path('note.html'), { clock: lastDay }, 'anchor.json', [
      '--json',
    ]);
    expect(JSON.parse(then.out)).toMatchObject({ agreements: [{ ended: false }] });
  });

  it('says whether a record is one of those that it was written for', async () => {
    for (const [text, code] of [
      ['record\n', 0],
      ['another', 5],
    ] as const) {
      const file = folder.path('record.jws');
      await writeFile(file, text);
      const said = await verify(folder.path('note.html'), {}, 'anchor.json', ['--record', file]);
      expect(said.code, text).toBe(code);
    }
  });

  it('tells a file that is no receipt from one that does not hold', async () => {
    await writeFile(folder.path('other.txt'), 'a shopping list');
    const said = await verify(folder.path('other.txt'), { isTty: true });
    expect(said).toMatchObject({ code: 1, asked: [] });
    expect(said.err).toContain('No receipt is in it');
  });
});
