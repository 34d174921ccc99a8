// The table of verbs: what runs, what help shows, what a test goes through.
import type { Verb } from './verb.ts';
import { accessVerbs } from './verbs/access.ts';
import { authorityAsked } from './verbs/authority-asked.ts';
import { breachVerbs } from './verbs/breach.ts';
import { caseVerbs } from './verbs/case.ts';
import { caseReady } from './verbs/case-ready.ts';
import { consentCopy } from './verbs/consent-copy.ts';
import { consentRecordVerbs } from './verbs/consent-records.ts';
import { consentWithdraw } from './verbs/consent-withdraw.ts';
import { demandVerbs } from './verbs/demand.ts';
import { demo } from './verbs/demo.ts';
import { disclosureVerbs } from './verbs/disclosure.ts';
import { doctor } from './verbs/doctor.ts';
import { erasureVerbs } from './verbs/erasure.ts';
import { inbox } from './verbs/inbox.ts';
import { init } from './verbs/init.ts';
import { keyVerbs } from './verbs/key.ts';
import { memberVerbs } from './verbs/member.ts';
import { receiptVerbs } from './verbs/receipt.ts';
import { referralVerbs } from './verbs/referral.ts';
import { actVerbs } from './verbs/referral-acts.ts';
import { referralHeard } from './verbs/referral-heard.ts';
import { registryVerbs } from './verbs/registry.ts';
import { serve } from './verbs/serve.ts';
import { staffVerbs } from './verbs/staff.ts';
import { verify } from './verbs/verify.ts';
import { version } from './verbs/version.ts';
import { watch } from './verbs/watch.ts';

export const VERBS: readonly Verb[] = [
  demo,
  init,
  serve,
  doctor,
  ...keyVerbs,
  ...caseVerbs,
  caseReady,
  ...consentRecordVerbs,
  consentCopy,
  consentWithdraw,
  authorityAsked,
  ...accessVerbs,
  ...erasureVerbs,
  ...referralVerbs,
  ...actVerbs,
  referralHeard,
  ...breachVerbs,
  ...demandVerbs,
  ...disclosureVerbs,
  inbox,
  watch,
  verify,
  ...receiptVerbs,
  ...staffVerbs,
  ...memberVerbs,
  ...registryVerbs,
  version,
];
