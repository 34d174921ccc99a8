import decodeQR from 'qr/decode.js';
import { describe, expect, it } from 'vitest';

import { toBase32 } from '#crypto/base32.ts';
import { randomBytes } from '#crypto/digest.ts';
import type { PaperReceipt } from '#exchange/paper-receipt.ts';
import { SECTIONS } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import { receiptPage } from '#services/paper/receipt-page.ts';
import { sectionWords } from '#services/paper/section-words.ts';

import { faultsOfWords, sentencesOf } from './plain-words.ts';

const CODE = '7K2M-9QDX-4TVB';
const TEXT = toBase32(randomBytes(556));

const neutral: PaperReceipt = {
  iss: 'https://harbour.example',
  iat: 1_800_000_000,
  agreements: [
    { record: 'a'.repeat(43), given: '2027-01-15', ends: [{ until: '2027-02-14' }] },
    {
      record: 'b'.repeat(43),
      given: '2027-01-16',
      ends: [{ until: '2027-02-14' }, { until: '2027-05-01' }],
    },
  ],
};

const named: PaperReceipt = {
  ...neutral,
  name: 'Harbour House',
  agreements: [
    {
      record: 'a'.repeat(43),
      given: '2027-01-15',
      recipient: { organisation: 'https://homeward.example', name: 'Homeward <Hands> & Co' },
      ends: [{ until: '2027-02-14', sections: ['contact', 'danger'] }],
    },
  ],
};

function page(receipt: PaperReceipt, text = TEXT) {
  return receiptPage({ receipt, text, code: CODE, size: 'A5' });
}

/** The squares as they are drawn, 4 points each, read as a camera would. */
function scan(sheet: string): string {
  const box = /viewBox="0 0 (\d+) \1"/.exec(sheet)?.[1];
  const path = /<path d="([^"]*)"/.exec(sheet)?.[1] ?? '';
  const [side, scale] = [Number(box), 4];
  const data = new Uint8Array(side * side * scale * scale * 4).fill(255);
  for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let dy = 0; dy < scale; dy += 1) {
      const row = (Number(y) * scale + dy) * side * scale;
      const from = (row + Number(x) * scale) * 4;
      data.fill(0, from, from + Number(length) * scale * 4);
    }
  }
  return decodeQR({ width: side * scale, height: side * scale, data });
}

describe('the sheet of a receipt', () => {
  it('bears a QR code that a camera reads back, up to the longest text', () => {
    expect(scan(page(neutral))).toBe(TEXT);
    const longest = toBase32(randomBytes(2048)).slice(0, limits.receiptTextCharsMax);
    expect(scan(page(neutral, longest))).toBe(longest);
  });

  it('shows the dates in words and the code', () => {
    const sentences = sentencesOf(page(neutral));
    expect(sentences).toContain('Written on 15 January 2027.');
    expect(sentences).toContain('You said yes on 15 January 2027.');
    expect(sentences).toContain('It ends on 14 February 2027.');
    expect(sentences).toContain('One part ends on 1 May 2027.');
    expect(sentences).toContain(CODE);
  });

  it('names no organisation, no section and no topic unless it was asked to', () => {
    const sheet = page(neutral);
    expect(sheet).toContain('<title>Note</title>');
    expect(sheet).toContain('<h1>Note</h1>');
    for (const word of [/harbour/i, /homeward/i, /example/i, /\bsrx\b/i, /consent/i, /traffick/i]) {
      expect(sheet).not.toMatch(word);
    }
    for (const section of SECTIONS) expect(sheet).not.toContain(sectionWords(section));
  });

  it('names them where the person wants it, and as text only', () => {
    const sheet = page(named);
    expect(sentencesOf(sheet)).toContain('Written on 15 January 2027 by Harbour House.');
    expect(sheet).toContain('You said yes to Homeward &lt;Hands&gt; &amp; Co on 15 January 2027.');
    expect(sentencesOf(sheet)).toContain('This ends on 14 February 2027.');
    expect(sheet).toContain('<li>How to reach you safely</li>');
  });

  it('runs nothing, fetches nothing, and is printed in 12 pt or larger', () => {
    for (const sheet of [page(neutral), page(named)]) {
      expect(sheet).not.toMatch(/<script|<link|<img|<iframe|url\(|@import|https?:|\bon\w+=/i);
      const sizes = [...sheet.matchAll(/([\d.]+)pt/g)].map(([, size]) => Number(size));
      expect(Math.min(...sizes)).toBe(12);
      expect(sheet).toContain('<html lang="en" dir="ltr">');
      expect(sheet).toContain('@page { size: A5');
    }
  });

  it('is in plain words: short sentences, none of the words that hurt', () => {
    const all = [...sentencesOf(page(neutral)), ...sentencesOf(page(named))];
    expect(all.length).toBeGreaterThan(20);
    expect(faultsOfWords([...all, ...SECTIONS.map(sectionWords)])).toEqual([]);
    expect(faultsOfWords(['You must stay.', 'Stay!', Array(16).fill('a').join(' ')])).toHaveLength(
      3,
    );
  });
});
