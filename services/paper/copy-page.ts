// The copy that the person takes along, to be read: who has what, who opened it, what
// was agreed, and the plan. One page, no script, nothing from elsewhere.
import type { PersonCopy } from '#model/person-copy.ts';

import { agreedPart } from './agreed-part.ts';
import { dayInWords } from './dates.ts';
import { fieldList } from './field-list.ts';
import { type Html, html, htmlDocument } from './html.ts';
import { sectionWords, sectionWordsOrNone } from './section-words.ts';
import { answerWords, countryWords } from './words.ts';

type Holder = PersonCopy['holders'][number];
type Held = Holder['sections'][number];
type Told = PersonCopy['toldOutside'][number];

export function copyPage(copy: PersonCopy): string {
  const { madeAt, madeBy, leftOut } = copy;
  const body = html`<main>
<h1>Your copy</h1>
<p>${madeBy.name} made this for you on ${dayInWords(madeAt.slice(0, 10))}.</p>
<p>Keep it where nobody else can look. A file stays on the phone until you delete it.</p>
<p>You can ask us to correct what is wrong. You still get help.</p>
<h2>What is not in it</h2>
<ul>${leftOut.map((one) => html`<li>${one}</li>`)}</ul>
<h2>Who has what</h2>
<p>${madeBy.name} has your plan.</p>
${copy.holders.length === 0 ? html`<p>Nobody else has anything from us.</p>` : copy.holders.map(holderPart)}
<h2>Who opened it</h2>
${openingsPart(copy)}
${
  copy.toldOutside.length === 0
    ? ''
    : html`<h2>What was told outside</h2>
${copy.toldOutside.map(toldPart)}`
}
<h2>What you said yes to</h2>
${copy.agreements.length === 0 ? html`<p>You have not said yes to anything yet.</p>` : copy.agreements.map(agreedPart)}
<h2>Your plan</h2>
${planPart(copy.plan)}
</main>`;
  return htmlDocument({ title: 'Copy', style: STYLE, body });
}

function holderPart({ name, sections, answers }: Holder): Html {
  return html`<h3>${name}</h3>
<table>
<thead><tr><th scope="col">What</th><th scope="col">Now</th></tr></thead>
<tbody>${sections.map(
    (held) => html`
<tr><th scope="row">${sectionWords(held.section)}</th><td>${heldWords(held)}</td></tr>`,
  )}
</tbody>
</table>
${answers.map(answeredPart)}
`;
}

function heldWords({ state, until, law }: Held): string {
  switch (state) {
    case 'may-be-read':
      return until === undefined
        ? 'They can read it.'
        : `They can read it until ${dayInWords(until.slice(0, 10))}.`;
    case 'closed':
      return 'It is closed. Nobody there can read it.';
    case 'kept-under-law':
      return [
        `It is closed, and kept under a law: ${law ?? 'they have not said which'}.`,
        ...(until === undefined ? [] : [`They erase it on ${dayInWords(until.slice(0, 10))}.`]),
      ].join(' ');
    case 'erased':
      return 'They have erased it.';
    case 'not-delivered':
      return 'They have not got it.';
  }
}

function answeredPart({ sections, saidAt, answeredAt }: Holder['answers'][number]): Html {
  const what = sections.length === 0 ? 'all of it' : 'this';
  return html`<p>You said no to ${what} on ${dayInWords(saidAt.slice(0, 10))}.
${answeredAt === undefined ? 'They have not answered yet. We ask them again.' : `They answered on ${dayInWords(answeredAt.slice(0, 10))}.`}</p>
${sections.length === 0 ? '' : html`<ul>${sections.map((one) => html`<li>${sectionWords(one)}</li>`)}</ul>`}
`;
}

function openingsPart({ openings, holders, madeBy }: PersonCopy): Html {
  if (openings.length === 0) return html`<p>Nobody has opened it.</p>`;
  const names = new Map([madeBy, ...holders].map((one) => [one.organisation, one.name]));
  return html`<table>
<thead><tr><th scope="col">When</th><th scope="col">Where</th><th scope="col">Who</th><th scope="col">What</th></tr></thead>
<tbody>${openings.map(
    (one) => html`
<tr><td>${dayInWords(one.at.slice(0, 10))}</td><td>${names.get(one.organisation) ?? one.organisation}</td><td>a ${answerWords(one.role)}</td><td>${sectionWordsOrNone(one.section) ?? 'Your whole file'}</td></tr>`,
  )}
</tbody>
</table>
`;
}

function toldPart({ to, country, why, law, at, sections }: Told): Html {
  return html`<p>On ${dayInWords(at.slice(0, 10))} this was told: ${answerWords(to)}, ${countryWords(country)}.</p>
<ul>${sections.map((one) => html`<li>${sectionWords(one)}</li>`)}</ul>
<p>Why: ${answerWords(why)}. The law: <span dir="auto">${law}</span></p>
`;
}

function planPart(plan: PersonCopy['plan']): Html {
  const parts = Object.entries(plan).flatMap(([name, value]) => (value ? [{ name, value }] : []));
  return html`${parts.map(
    ({ name, value }) => html`<h3>${sectionWordsOrNone(name) ?? name}</h3>
${fieldList(value)}
`,
  )}`;
}

const STYLE = html`
@page { size: A4; margin: 15mm }
* { box-sizing: border-box }
body { margin: 0; background: #fff; color: #000; font: 12pt/1.45 "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", Arial, sans-serif }
main { max-width: 180mm; margin: 0 auto; padding: 6mm; overflow-wrap: anywhere }
h1 { font-size: 20pt; margin: 0 0 4mm }
h2 { font-size: 16pt; margin: 8mm 0 2mm; border-top: 2px solid #000; padding-top: 3mm; break-after: avoid }
h3 { font-size: 13pt; margin: 5mm 0 2mm; break-after: avoid }
p, ul, dl, table { margin: 0 0 3mm }
ul { padding-inline-start: 6mm }
dt { font-weight: 700 }
dd { margin: 0 0 2mm; margin-inline-start: 5mm }
table { border-collapse: collapse; width: 100%; overflow-wrap: break-word }
th, td { border-bottom: 1px solid #767676; padding: 1.5mm; padding-inline-start: 0; text-align: start; vertical-align: top; font-weight: 400 }
thead th { font-weight: 700 }
tr { break-inside: avoid }
`;
