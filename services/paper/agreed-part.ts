// What was agreed with one organisation: each yes and each no, both ways, and what was
// written down about it.
import type { PersonCopy } from '#model/person-copy.ts';

import { dayInWords } from './dates.ts';
import { fieldList } from './field-list.ts';
import { type Html, html } from './html.ts';
import { sectionWords } from './section-words.ts';
import { purposeWords } from './words.ts';

type Agreed = PersonCopy['agreements'][number];
type Answer = Agreed['answers'][number];

export function agreedPart({ recipient, answers, receipt }: Agreed): Html {
  const said = (answer: Answer['answer'], direction: Answer['direction']) =>
    answers.filter((one) => one.answer === answer && one.direction === direction);
  return html`<h3>${recipient.name}</h3>
${answers.length === 0 ? html`<p>You have not answered yet. Nothing goes there.</p>` : ''}
${listOf('You said yes to this. It goes there:', said('yes', 'to-recipient'))}
${listOf('You said yes to this. It comes back to us:', said('yes', 'from-recipient'))}
${listOf('You said no to this. It does not go there:', said('no', 'to-recipient'))}
${listOf('You said no to this. It does not come back:', said('no', 'from-recipient'))}
${receipt === undefined ? '' : html`<p>What was written down about it:</p>${fieldList(receipt)}`}
`;
}

function listOf(title: string, answers: readonly Answer[]): Html | '' {
  if (answers.length === 0) return '';
  return html`<p>${title}</p>
<ul>${[...new Set(answers.map(lineOf))].map((line) => html`<li>${line}</li>`)}</ul>
`;
}

function lineOf({ section, purpose, until }: Answer): string {
  const end = until === undefined ? '' : `, until ${dayInWords(until.slice(0, 10))}`;
  return `${sectionWords(section)}, ${purposeWords(purpose)}${end}.`;
}
