// The exact words that are read to a person before she answers. They name both
// organisations, so that the digests of two partners differ.
import { z } from 'zod';

import { limits } from './limits.ts';
import { label, language, sha256Hex } from './plan/fields.ts';

export const ShownText = z.strictObject({
  version: label('Version of the standard text.'),
  locale: language('Locale of the text, BCP 47.'),
  /** Who read a translation again; none for the standard text. */
  reviewedBy: label('Who reviewed the translation.').optional(),
  shown: z.string().min(1).max(limits.noteCharsMax).describe('The exact text.'),
  digest: sha256Hex('SHA-256 of the exact text, hex.'),
});
export type ShownText = z.infer<typeof ShownText>;

export const TEXT_VERSION = 'srx-consent-text-1';

/** What a translation must leave as it is: the node writes names in their place. */
export const TEXT_PLACES = ['{own}', '{recipient}', '{recipientId}', '{countries}'] as const;

/** English. What it says first is domain rule; nothing in it asks for a yes. */
export const STANDARD_TEXT = `You decide what we may share about you.
We are {own}.
We ask about one organisation only: {recipient} ({recipientId}), in {countries}.

Before you answer
A no changes nothing. Our help for you goes on.
We must report some things by law. So must they. Your worker tells you now which things.
If anything of the plan goes, the warning about danger goes too.
It says what could kill or gravely harm someone, and what not to do.
Without it no plan can go. We then look for other ways together.
Each yes has a last day. After it nothing more is shared.
If you may be in danger, named people may still search for you.
For that they use how to reach you, and the danger. At most for 90 days.
They become responsible for what they write down themselves. They tell you what they keep.

Your answers
We ask about each part by itself. You may say yes to one and no to another.
You need not say why. You may take your time and ask anything.
You may take back a yes at any time, as easily as you gave it.
Tell your worker here or there. It stops at once.
They erase it within seven days. Until then you may change your mind.
You may also ask them to erase it at once.
`;

/** The words for one recipient. */
export function textFor(
  template: string,
  names: { own: string; recipient: string; recipientId: string; countries: string },
): string {
  return template
    .replaceAll('{own}', names.own)
    .replaceAll('{recipientId}', names.recipientId)
    .replaceAll('{recipient}', names.recipient)
    .replaceAll('{countries}', names.countries);
}
