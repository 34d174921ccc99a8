// The receipt as one neutral sheet, A5 or A4: dates, a QR code and its short code.
// Whoever finds it reads no organisation and no topic, unless the person wanted so.
import type { PaperReceipt } from '#exchange/paper-receipt.ts';

import { dayInWords } from './dates.ts';
import { type Html, html, htmlDocument } from './html.ts';
import { qrCodeOf } from './qr-code.ts';
import { sectionWords } from './section-words.ts';

export const PAPER_SIZES = ['A5', 'A4'] as const;
export type PaperSize = (typeof PAPER_SIZES)[number];

export type ReceiptSheet = {
  receipt: Omit<PaperReceipt, 'iss'>;
  text: string;
  code: string;
  size: PaperSize;
};

type Agreement = PaperReceipt['agreements'][number];

export function receiptPage(sheet: ReceiptSheet): string {
  const { receipt, text, code } = sheet;
  const body = html`<main>
<h1>Note</h1>
<p>Written on ${dayInWords(receipt.iat)}${receipt.name === undefined ? '' : ` by ${receipt.name}`}.</p>
<ol>
${receipt.agreements.map(agreementItem)}</ol>
<p>You can take back your yes at any time. You still get help.</p>
<p>You can leave this paper with us. We print it again when you ask.</p>
${qrFigure(text)}
<p class="cut">The code below opens the square. You can cut it off here.</p>
<p class="code" data-code="${code}">Code: <b>${code}</b></p>
</main>`;
  return htmlDocument({ title: 'Note', style: styleOf(sheet.size), body });
}

function agreementItem({ given, recipient, ends }: Agreement): Html {
  const whom = recipient === undefined ? '' : ` to ${recipient.name}`;
  const first = `You said yes${whom} on ${dayInWords(given)}.`;
  return html`<li>${first} ${ends.map((end) => endWords(end, ends.length > 1))}</li>
`;
}

function endWords({ until, sections }: Agreement['ends'][number], isOneOfSeveral: boolean): Html {
  const last = `on ${dayInWords(until)}.`;
  if (!sections) return isOneOfSeveral ? html`One part ends ${last} ` : html`It ends ${last} `;
  return html`This ends ${last}
<ul>
${sections.map((section) => html`<li>${sectionWords(section)}</li>\n`)}</ul>
`;
}

function qrFigure(text: string): Html {
  const { size, path } = qrCodeOf(text);
  return html`<svg class="qr" viewBox="0 0 ${size} ${size}" role="img" aria-label="Square for checking" data-text="${text}" shape-rendering="crispEdges"><path d="${path}"/></svg>`;
}

// 12 pt and larger; system fonts, because nothing is fetched.
function styleOf(size: PaperSize): Html {
  return html`
@page { size: ${size}; margin: 12mm }
* { box-sizing: border-box }
body { margin: 0; background: #fff; color: #000; font: 12pt/1.4 "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", Arial, sans-serif }
main { max-width: 124mm; margin: 0 auto; padding: 4mm 0 }
h1 { font-size: 16pt; margin: 0 0 3mm }
p, ol, ul { margin: 0 0 3mm }
ul { padding-inline-start: 6mm }
li { margin-bottom: 1mm }
.qr { display: block; width: 70mm; height: 70mm; margin: 0 auto 3mm; background: #fff }
.cut { border-top: 1px dashed #000; padding-top: 2mm; margin-top: 4mm; break-inside: avoid; break-after: avoid }
.code b { font: 700 15pt/1.2 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; letter-spacing: 1px }
@media screen { main { padding: 6mm } }
`;
}
