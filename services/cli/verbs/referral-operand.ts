// The operand that nearly every verb of a referral takes.

export const REFERRAL = { name: 'ID', help: 'id of the referral (srx referral list)' };
export const EXAMPLE_ID = '0b0c6d1e-4f7a-4a52-9d0f-2f1f7f3f6a10';
