// Any value of the plan as a list that a person reads: plain names, days in words,
// what somebody wrote in the direction of its own language.
import { dayInWords } from './dates.ts';
import { type Html, html } from './html.ts';
import { sectionWordsOrNone } from './section-words.ts';
import { answerWords, countryWords, durationWords, fieldWords } from './words.ts';

/** For programs only. */
const TECHNICAL: ReadonlySet<string> = new Set([
  'schemaVersion',
  'recordId',
  'piiPrincipalId',
  'noticeDigest',
]);

const LANGUAGES = new Intl.DisplayNames('en', { type: 'language' });

export function fieldList(value: object): Html {
  const fields = Object.entries(value).filter(([name, one]) => {
    return one !== undefined && !TECHNICAL.has(name) && !isEmpty(one);
  });
  return html`<dl>${fields.map(
    ([name, one]) => html`
<dt>${fieldWords(name)}</dt><dd>${valueOf(name, one)}</dd>`,
  )}
</dl>`;
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function valueOf(name: string, value: unknown): Html {
  if (Array.isArray(value)) {
    if (value.every((one) => typeof one !== 'object')) return listOf(name, value);
    return html`<ul>${value.map((one) => html`<li>${valueOf(name, one)}</li>`)}</ul>`;
  }
  if (typeof value === 'object' && value !== null) {
    if ('amount' in value && 'currency' in value)
      return html`${String(value.amount)} ${String(value.currency)}`;
    return fieldList(value);
  }
  if (typeof value === 'boolean') return html`${value ? 'yes' : 'no'}`;
  return html`${textOf(name, String(value))}`;
}

function listOf(name: string, values: readonly unknown[]): Html {
  return html`<ul>${values.map((one) => html`<li>${valueOf(name, one)}</li>`)}</ul>`;
}

function textOf(name: string, text: string): Html {
  if (/^\d{4}-\d{2}-\d{2}/.test(text)) return html`${dayInWords(text.slice(0, 10))}`;
  if (/^P\d/.test(text)) return html`${durationWords(text)}`;
  if (/^[A-Z]{2}$/.test(text)) return html`${countryWords(text)}`;
  if (/^(language|noticeLocale)$/.test(name)) return html`${LANGUAGES.of(text) ?? text}`;
  if (name === 'piiInformation') return html`${sectionWordsOrNone(text) ?? text}`;
  if (/^[a-z0-9]+([.-][a-z0-9]+)*$|^[a-z]+([A-Z][a-z]+)+$/.test(text))
    return html`${answerWords(text)}`;
  return html`<span dir="auto">${text}</span>`;
}
