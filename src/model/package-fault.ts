// Whether a package holds more than its consent receipt says, before anything of it
// is stored or shown. The grants are the signed side of the yes, the receipt the told one.
import { z } from 'zod';

import { isPersonal, type SectionName } from './codes.ts';
import type { StepBody } from './message.ts';
import { Consent, consentState } from './plan/consent.ts';

export type PackageFault = StepBody<'packageRefused'>['fault'];

type Came = readonly { section: SectionName; content: Uint8Array }[];

/** Null: nothing is wrong, or nothing came that could be. */
export function packageFault(recipient: string, came: Came): PackageFault | null {
  const personal = came.filter(({ section }) => isPersonal(section));
  if (personal.length === 0) return null;
  const receipt = personal.find(({ section }) => section === 'consent');
  if (!receipt) return 'missing-mandatory-section';
  const consent = readIfWhole(receipt.content);
  if (!consent) return 'undecryptable';
  const { piiInformation, recipientThirdParties, direction } = consent;
  const state = consentState(consent);
  const isForUs = recipientThirdParties.includes(recipient) && direction !== 'from-recipient';
  const isYes = state === 'given' || state === 'renewed';
  const covered: ReadonlySet<string> = new Set(piiInformation);
  const isCovered = personal.every(({ section }) => covered.has(section));
  return isForUs && isYes && isCovered ? null : 'exceeds-consent';
}

/** Only what is judged: a receipt of a later version may say more. */
const Told = z.object({
  piiInformation: z.array(z.string()),
  recipientThirdParties: z.array(z.string()),
  direction: Consent.shape.direction,
  events: Consent.shape.events,
});

const decoder = new TextDecoder('utf-8', { fatal: true });

function readIfWhole(content: Uint8Array): z.infer<typeof Told> | null {
  try {
    return Told.safeParse(JSON.parse(decoder.decode(content))).data ?? null;
  } catch {
    return null;
  }
}
