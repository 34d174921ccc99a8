// The consent receipt that travels: fields of ISO/IEC TS 27560, made from the form and
// from what was asked, for this recipient alone.
import type { ConsentForm } from '#model/consent-form.ts';
import { type ConsentRecord, type RecordedAnswer, saidYes } from '#model/consent-record.ts';
import { limits } from '#model/limits.ts';
import { Consent, newestConsentEvent } from '#model/plan/consent.ts';

import type { CaseworkContext } from './context.ts';

type Made = {
  form: ConsentForm;
  /** Those that count with this record. */
  answers: readonly RecordedAnswer[];
  asked: ConsentRecord;
  there: readonly ConsentRecord[];
  event: 'given' | 'renewed' | 'refused';
  recordId: string;
  caseCode: string;
};

export function receiptOf(
  { organisation, members }: CaseworkContext,
  { form, answers, asked, there, event, recordId, caseCode }: Made,
): Consent {
  // What was said before goes on: the receipt tells all that this recipient may have.
  const yes = saidYes(answers);
  const covered = new Set(yes.map(({ section }) => section));
  const directions = new Set(yes.map(({ direction }) => direction));
  const [direction = 'to-recipient'] = directions;
  const { interpreter, law, told } = form;
  const isUsed = interpreter.needed === 'yes';
  const controller = (entityId: string) => ({
    entityId,
    name: members.find(entityId)?.name ?? entityId,
  });
  // Every rule of the form was held before; what is still null was never needed.
  return Consent.parse({
    schemaVersion: 'srx-consent-1',
    recordId,
    piiPrincipalId: caseCode,
    privacyNotice: asked.text?.version,
    language: form.language,
    purpose: yes.find(({ stage }) => stage === 'package')?.purpose ?? yes[0]?.purpose,
    lawfulBasis: law.lawfulBasis,
    ...(law.article9Condition !== null && { article9Condition: law.article9Condition }),
    ...(law.article10Law !== null && { article10Law: law.article10Law }),
    transferBasis: law.transferBasis,
    ...(law.missingProtection !== null && { missingProtection: law.missingProtection }),
    piiInformation: [...covered],
    piiControllers: [controller(organisation), controller(form.recipient)],
    storageLocations: law.storageCountries,
    retentionPeriod: law.retention,
    jurisdiction: members.find(organisation)?.countries[0] ?? law.storageCountries[0],
    recipientThirdParties: [form.recipient],
    withdrawalMethod: form.withdrawalMethod,
    events: eventsOf(there, organisation, event, form),
    direction: directions.size > 1 ? 'both' : direction,
    withheldFrom: form.withheldFrom,
    givenBy: form.givenBy,
    ...(form.childAssent !== null && { childAssent: form.childAssent }),
    ...(form.capacity.order && {
      orderedBy: `${form.capacity.order.authority}, ${form.capacity.order.reference}`.slice(
        0,
        limits.labelCharsMax,
      ),
    }),
    interpreter: {
      used: isUsed,
      ...(isUsed && {
        independent: 'yes',
        code: interpreter.code,
        language: interpreter.language,
        confidentialityPromised: interpreter.confidentialityPromised === 'yes',
      }),
    },
    understandingToldBack: told.toldBack === 'yes',
    accompaniedByNobodyLinked: told.nobodyLinkedThere === 'yes',
    toldNoEffectOnHelp: told.refusalChangesNothing === 'yes',
    toldDangerGoesAlong: told.dangerGoesAlong === 'yes',
    toldWhatMustBeReported: told.ownDutiesToReport !== null && told.theirDutiesToReport !== null,
    toldSafetySearch: told.safetySearch === 'yes',
    form: form.form,
    noticeDigest: form.textDigest,
    noticeLocale: form.textLocale,
  });
}

/** What happened before with this recipient, then this yes; the newest that fit. */
function eventsOf(
  there: readonly ConsentRecord[],
  entityId: string,
  eventState: Made['event'],
  { answeredAt }: ConsentForm,
): Consent['events'] {
  const eventType = 'explicit' as const;
  const before = there.flatMap(({ event, atMs, form, receipt }) => {
    if (event === 'imported') return receipt ? [newestConsentEvent(receipt)] : [];
    const eventTime = form?.answeredAt ?? new Date(atMs).toISOString();
    return [{ eventTime, entityId, eventType, eventState: event }];
  });
  const eventTime = answeredAt ?? '';
  const all = [
    ...before.flatMap((one) => one ?? []),
    { eventTime, entityId, eventType, eventState },
  ];
  return all.slice(-limits.listItemsMax);
}
