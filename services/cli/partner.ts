// Which organisation a command is about: exactly one, by its entity id.
import { entityId } from '#model/message.ts';
import { UsageError } from './usage-error.ts';
import type { Call } from './verb.ts';

/** Of --to. @throws UsageError: it is never a group */
export function partnerOf({ flags }: Call): string {
  const named = flags.required('to');
  if (entityId.safeParse(named).success) return named;
  throw new UsageError(
    '--to must be the id of exactly one organisation, never a group such as "partners"; see srx member list.',
  );
}
