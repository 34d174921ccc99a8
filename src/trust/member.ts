// A member of the federation as its verified statement describes it.
import type { SealingKey, VerifyKey } from '#crypto/keys.ts';

export type Member = {
  /** Entity identifier. */
  organisation: string;
  name: string;
  countries: string[];
  roles: string[];
  /** A shelter or coordinator that a state runs: marked wherever a person chooses. */
  isStateRun: boolean;
  /** host:port of its ExchangeService. */
  address: string;
  /** PEM of the TLS certificates it may show: current and next. */
  certificates: string[];
  /** SHA-256 of their public keys (SPKI), base64url. */
  pins: string[];
  /** Message-signing keys that may verify, by kid. */
  messageKeys: ReadonlyMap<string, VerifyKey>;
  /** The registry's word about each of these keys, for paper: key-attestation.ts. */
  keyAttestations: readonly string[];
  /** The key to seal to now. */
  sealingKey: SealingKey;
  /** The statement ends then; a member past it is not live. */
  validUntilSeconds: number;
};
