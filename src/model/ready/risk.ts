// Conditions of a release that the two chains tell: the risk seen by both sides,
// and a yes that is newer than the acceptance.
import { limits } from '../limits.ts';
import { item, type ReadyFacts, type ReadyItem } from './items.ts';

export function riskItems({ referral, nowSeconds, reconfirmedAt }: ReadyFacts): ReadyItem[] {
  if (!referral) return [];
  const { ours, theirs, acceptedAt } = referral;
  const oldest = nowSeconds - limits.riskAgeSecondsMax;
  const isJoint =
    ours !== null &&
    theirs !== null &&
    (ours.answersSeq === theirs.seq || theirs.answersSeq === ours.seq);
  return [
    item(
      'risk-ours',
      ours !== null && ours.assessedAt >= oldest,
      'We assessed the risk in the last 14 days.',
      'Assess the risk again: ours must be at most 14 days old.',
    ),
    item(
      'risk-theirs',
      theirs !== null && theirs.assessedAt >= oldest,
      'The partner assessed the risk in the last 14 days.',
      'Ask the partner to assess the risk. It must be at most 14 days old.',
    ),
    item(
      'risk-joint',
      isJoint,
      'One side answered the assessment of the other.',
      'One side must read the assessment of the other, and answer it.',
    ),
    item(
      'asked-again',
      // The two clocks may differ by the skew that every time rule allows.
      acceptedAt > 0 &&
        reconfirmedAt >= acceptedAt - limits.clockSkewSecondsMax &&
        reconfirmedAt <= nowSeconds,
      'The person said yes again after the acceptance.',
      'Ask the person again, now that the answer of the partner is known.',
    ),
  ];
}
