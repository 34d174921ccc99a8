// How the person may be reached, and how never. The screens enforce it.
import { z } from 'zod';

import {
  ANSWERS,
  code,
  dateTime,
  label,
  list,
  phone,
  sha256Hex,
  text,
  weeklyHours,
} from './fields.ts';

const Channel = z
  .strictObject({
    kind: code(['phone', 'messaging', 'e-mail', 'post', 'in-person', 'other'], 'Kind of channel.'),
    phone: phone('Phone, E.164; for kind phone and messaging.').optional(),
    address: label('Address or account, for the other kinds.').optional(),
    safe: code(['yes', 'no', 'only-when'], 'Whether it is safe; no means it is never used.'),
    onlyWhen: text('When it is safe; for only-when.').optional(),
  })
  .superRefine((channel, ctx) => {
    if (channel.kind === 'phone' && channel.phone === undefined) {
      ctx.addIssue({
        code: 'custom',
        path: ['phone'],
        message: 'is missing for a channel of kind phone',
        params: { remedy: 'Add the number, or choose another kind.' },
      });
    }
    if (channel.safe === 'only-when' && channel.onlyWhen === undefined) {
      ctx.addIssue({
        code: 'custom',
        path: ['onlyWhen'],
        message: 'is missing for a channel that is safe only at some times',
        params: { remedy: 'Say when it is safe, or answer no.' },
      });
    }
  })
  .describe('One way to reach the person.');

export const Contact = z.strictObject({
  allowed: code(['direct', 'via-worker', 'none'], 'Whether the person may be contacted, and how.'),
  channels: list(Channel, 'Every channel that was talked about, the unsafe ones too.'),
  safeTimes: list(weeklyHours('Hours that are safe.'), 'When contact is safe; empty for never.'),
  leaveMessage: code(['never', 'neutral'], 'What may be left if nobody answers.'),
  introduceAs: text('How to introduce oneself.'),
  sharedDevice: code(ANSWERS, 'Whether someone else uses or watches the device.'),
  mustNotBeTold: list(
    z
      .strictObject({
        who: label('Who must not be told.'),
        why: text('Why, if the person wants it said.').optional(),
      })
      .describe('One person or group.'),
    'Who must not learn of the contact, the return or the case.',
  ),
  placesToAvoid: list(text('A place and what to avoid there.'), 'Places to avoid.'),
  codeWordHash: sha256Hex(
    'SHA-256 of the code word in UTF-8, hex. The word itself is known to the person and the own worker only. To a partner goes the SHA-256 of the case code, a space and that hex.',
  ).optional(),
  lastVerified: dateTime('When the person last confirmed all this.'),
});
export type Contact = z.infer<typeof Contact>;
