// ExchangeService between the contract's form and that of the ports: what is
// unset on the wire is null there.

import type { z } from 'zod';
import type { Heads, HeadsPage, ReferralSync } from '#exchange/ports.ts';

import {
  EXCHANGE_METHODS,
  type ListHeadsResponse,
  type SyncRequest,
  type SyncResponse,
} from './contracts/exchange.ts';

export const EXCHANGE = {
  service: 'srx.exchange.v1.ExchangeService',
  methods: EXCHANGE_METHODS,
} as const;

type WireHeads = z.infer<typeof SyncRequest>;
type WireSync = z.infer<typeof SyncResponse>;
type WirePage = z.infer<typeof ListHeadsResponse>;

export function toWireHeads(heads: readonly Heads[]): WireHeads {
  return {
    referrals: heads.map(({ own, read, ...rest }) => ({
      ...rest,
      ...(own === null ? {} : { own }),
      ...(read === null ? {} : { read }),
    })),
  };
}

/** Of a request that its schema has judged. */
export function fromWireHeads(request: unknown): Heads[] {
  const { referrals } = request as WireHeads;
  return referrals.map(({ own, read, ...rest }) => ({
    ...rest,
    own: own ?? null,
    read: read ?? null,
  }));
}

export function toWireSync(referrals: readonly ReferralSync[]): WireSync {
  return {
    referrals: referrals.map(({ head, read, mine, ...rest }) => ({
      ...rest,
      ...(head === null ? {} : { head }),
      ...(read === null ? {} : { read }),
      mine: mine.map(({ parcel, receipt }) => ({ parcel, receipt: receipt ?? '' })),
    })),
  };
}

/** Of an answer that its schema has judged. */
export function fromWireSync(response: unknown): ReferralSync[] {
  const { referrals } = response as WireSync;
  return referrals.map(({ head, read, mine, ...rest }) => ({
    ...rest,
    head: head ?? null,
    read: read ?? null,
    mine: mine.map(({ parcel, receipt }) => ({ parcel, receipt: receipt === '' ? null : receipt })),
  }));
}

export function toWirePage({ referrals, more }: HeadsPage): WirePage {
  return {
    referrals: referrals.map(({ head, read, ...rest }) => ({
      ...rest,
      ...(head === null ? {} : { head }),
      ...(read === null ? {} : { read }),
    })),
    more,
  };
}

/** Of an answer that its schema has judged. */
export function fromWirePage(response: unknown): HeadsPage {
  const { referrals, more } = response as WirePage;
  return {
    referrals: referrals.map(({ head, read, ...rest }) => ({
      ...rest,
      head: head ?? null,
      read: read ?? null,
    })),
    more,
  };
}
