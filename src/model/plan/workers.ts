// Who at the receiving organisation can be called about the case, by name.
import { z } from 'zod';

import { label, list, phone, weeklyHours } from './fields.ts';

const worker = (description: string) =>
  z
    .strictObject({
      name: label('Name.'),
      role: label('Role.'),
      phone: phone('Phone, E.164.'),
      hours: list(weeklyHours('Hours of some days.'), 'When they can be called.').min(1),
    })
    .describe(description);

export const Workers = z.strictObject({
  keyContact: worker('The key contact.'),
  alternateContact: worker('Who answers when the key contact does not.'),
});
