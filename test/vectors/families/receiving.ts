// receiving.json: parcels that arrive at a node which has a referral already, or
// part of it: place, order, time, sections, verdict.
import type { Written } from '../scribe.ts';
import type { Family } from '../vector.ts';
import { type DeliveryVector, givenSections, jwsOf } from './delivery.ts';
import { refusals, sections, verdicts } from './receiving-judged.ts';
import {
  behindForks,
  knownBefore,
  pairs,
  places,
  rivals,
  withdrawals,
} from './receiving-placed.ts';

export async function makeReceiving(): Promise<Family<DeliveryVector>> {
  const known = new Map<string, Written>();
  const cases = [
    ...(await knownBefore()),
    ...(await pairs()),
    ...(await rivals()),
    ...(await behindForks()),
    ...(await places()),
    ...(await withdrawals()),
    ...(await refusals()),
    ...(await sections()),
    ...(await verdicts()),
  ];
  const vectors = cases.map((one): DeliveryVector => {
    for (const written of one.given ?? []) known.set(written.entry.digest, written);
    const isError = 'error' in one.expect;
    return {
      name: one.name,
      check: one.check,
      valid: one.valid ?? !isError,
      input: {
        receiver: one.receiver ?? 'homeward',
        peer: one.peer ?? 'harbour',
        given: (one.given ?? []).map(({ entry }) => entry.digest),
        now: one.now ?? one.arriving.entry.envelope.sentAt,
        jws: one.arriving.jws,
        sections: one.sections ?? givenSections(one.arriving.contents),
      },
      expect: one.expect,
    };
  });
  return {
    about:
      'One more parcel for a node that has these messages: proto/README.md, "Receiving" 5 to 15. The node takes `given` in order, each at its sent_at, without sections.',
    signed: jwsOf(known),
    vectors,
  };
}
