// Takes a filled form: what the person answered about one recipient becomes a record.
// What is left empty is a no, also where an earlier answer was a yes; then it stops there too.
import { isDeepStrictEqual } from 'node:util';

import type { CaseFile } from '#model/case-file.ts';
import { nowSeconds } from '#model/clock.ts';
import { ConsentForm } from '#model/consent-form.ts';
import { consentFormFaults } from '#model/consent-form-rules.ts';
import {
  type ConsentRecord,
  newestAnswers,
  questionKey,
  type RecordedAnswer,
  saidYes,
} from '#model/consent-record.ts';
import { limits } from '#model/limits.ts';
import type { Consent } from '#model/plan/consent.ts';
import { pathText } from '#model/plan/field-path.ts';
import { countsAsChild } from '#model/ready/items.ts';
import { Refusal } from '#model/refusal.ts';

import type { Actor } from './actor.ts';
import { carryNo } from './answered-no.ts';
import { mustBeRecipient, requestOf } from './ask-consent.ts';
import { loadCase } from './cases.ts';
import { receiptOf } from './consent-receipt.ts';
import { addRecord, recordsFor, recordsOfCase } from './consent-records.ts';
import type { CaseworkContext } from './context.ts';
import { haveOwnYes } from './own-yes.ts';

/** The question may have been noted by a clock that runs a little ahead. */
const EARLY_MS = limits.clockSkewSecondsMax * 1000;

/**
 * The same form again changes nothing.
 * @param bytes UTF-8 JSON of a form
 * @throws Refusal SCHEMA_VIOLATION, NOT_FOUND, NOT_PERMITTED, CONFLICT, KEY_UNAVAILABLE, UNAVAILABLE
 */
export async function recordConsent(
  context: CaseworkContext,
  actor: Actor,
  bytes: Uint8Array,
): Promise<ConsentRecord> {
  const form = readForm(bytes, context.clock.now());
  const { localCode, recipient, requestId } = form;
  const caseFile = await loadCase(context, localCode);
  const made = await addRecord(context, actor, { localCode, recipient }, (there) => {
    const before = there.find((one) => one.form?.requestId === requestId);
    if (before) return sameOrConflict(before, form);
    const asked = mustBeAsked(there, form);
    const answers = answersOf(form, there);
    const isYes = saidYes(answers).length > 0;
    // A no waits for no registry: it is taken about one who is no live member, too.
    if (isYes) mustBeRecipient(context, recipient);
    if (isYes) mustFitThePerson(caseFile, form, nowSeconds(context.clock));
    const event = !isYes ? 'refused' : hasYes(there) ? 'renewed' : 'given';
    return {
      event,
      form,
      answers,
      ...(isYes && {
        receipt: (place): Consent => {
          const counting = newestAnswers([...there, { answers }]);
          return receiptOf(context, { form, answers: counting, asked, there, event, ...place });
        },
      }),
    };
  });
  const record =
    made ??
    recordsFor(await recordsOfCase(context, localCode), recipient).find(
      (one) => one.form?.requestId === requestId,
    );
  if (!record) throw new Refusal('UNAVAILABLE', 'The record cannot be read back; try again.');
  await carryNo(context, actor, record);
  if (record.receipt?.givenBy === 'self') await haveOwnYes(context, localCode, recipient);
  return record;
}

function readForm(bytes: Uint8Array, nowMs: number): ConsentForm {
  if (bytes.length > limits.consentFormBytesMax) {
    throw new Refusal('TOO_LARGE', `A form has at most ${limits.consentFormBytesMax} bytes.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // No cause: the parser's own message quotes the text.
    throw new Refusal('SCHEMA_VIOLATION', 'The form is not JSON in UTF-8.');
  }
  const faults = consentFormFaults(value, nowMs);
  if (faults.length === 0) return ConsentForm.parse(value);
  const where = faults
    .slice(0, 5)
    .map(({ path, what }) => `${pathText(path) || 'the whole'} ${what}`);
  throw new Refusal(
    'SCHEMA_VIOLATION',
    `The form has ${faults.length} faults: ${where.join('; ')}.`,
  );
}

function sameOrConflict(before: ConsentRecord, form: ConsentForm): null {
  if (isDeepStrictEqual(before.form, form)) return null;
  throw new Refusal(
    'CONFLICT',
    'requestId: this form was recorded before; ask again for new answers (srx consent ask).',
  );
}

function mustBeAsked(there: readonly ConsentRecord[], form: ConsentForm): ConsentRecord {
  const asked = requestOf(there, form.requestId);
  const refuse = (why: string) => new Refusal('SCHEMA_VIOLATION', why);
  if (!asked?.text) {
    throw refuse('requestId: nothing was asked under this id; begin with srx consent ask.');
  }
  if (asked.text.digest !== form.textDigest || asked.text.locale !== form.textLocale) {
    throw refuse('textDigest: these are not the words that were asked with; ask again.');
  }
  if (form.answeredAt !== null && Date.parse(form.answeredAt) < asked.atMs - EARLY_MS) {
    throw refuse('answeredAt: this is before the question was asked.');
  }
  return asked;
}

/**
 * Whoever has come of age answers alone, also where the case was begun for a child.
 * @throws Refusal NOT_CONSENTED: somebody else must answer
 */
function mustFitThePerson(caseFile: CaseFile, { givenBy }: ConsentForm, now: number): void {
  const refuse = (why: string) => new Refusal('NOT_CONSENTED', `givenBy: ${why}`);
  if (!countsAsChild({ caseFile, nowSeconds: now })) {
    if (givenBy !== 'guardian-with-assent') return;
    throw refuse('an adult decides alone; nobody else can say yes.');
  }
  if (givenBy === 'self') {
    throw refuse("for a child the guardian answers, with the child's own yes.");
  }
  const { checked = false, independent = false } = caseFile.sections.child?.guardian ?? {};
  if (givenBy === 'guardian-with-assent' && !(checked && independent)) {
    throw refuse('the guardian must be checked and independent. Wait until both hold.');
  }
}

function hasYes(there: readonly ConsentRecord[]): boolean {
  return there.some(({ answers }) => saidYes(answers).length > 0);
}

/** One for each question; a yes of the same stages that is not in the form ends, too. */
function answersOf(form: ConsentForm, there: readonly ConsentRecord[]): RecordedAnswer[] {
  const atMs = form.answeredAt === null ? 0 : Date.parse(form.answeredAt);
  const last = Math.max(0, ...there.flatMap(({ answers }) => answers.map((one) => one.atMs)));
  // A no that does not say when counts from the newest answer on.
  const saidAtMs = form.answeredAt === null ? last : atMs;
  const answers = form.answers.map(({ answer, until, ...question }): RecordedAnswer => {
    const isYes = answer === 'yes' && until !== null;
    const end = isYes ? Math.floor(Date.parse(until) / 1000) : 0;
    return { ...question, answer: isYes ? 'yes' : 'no', until: end, atMs: saidAtMs };
  });
  const asked = new Set(answers.map(questionKey));
  const stages = new Set(answers.map(({ stage }) => stage));
  const leftOut = saidYes(newestAnswers(there))
    .filter((one) => stages.has(one.stage) && !asked.has(questionKey(one)))
    .map((one): RecordedAnswer => ({ ...one, answer: 'no', until: 0, atMs: saidAtMs }));
  return [...answers, ...leftOut];
}
