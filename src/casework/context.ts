// All that people's acts are joined to.
import type { KeyFile } from '#crypto/key-file.ts';
import type { Exchange } from '#exchange/exchange.ts';
import type { Members, ReferralStore } from '#exchange/ports.ts';
import type { Clock } from '#model/clock.ts';
import type { CaseworkStore } from './ports.ts';

export type CaseworkContext = {
  organisation: string;
  exchange: Exchange;
  store: CaseworkStore & ReferralStore;
  members: Members;
  /** Keys of referrals and of local cases. */
  keyFile: KeyFile;
  clock: Clock;
};
