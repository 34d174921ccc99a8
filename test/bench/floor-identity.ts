// Keys and certificates of the two ends of the floor, made once by the parent
// and handed to both processes as a file.
import {
  createPrivateJwk,
  importOpeningKey,
  importSealingKey,
  importSigningKey,
  importVerifyKey,
  type PrivateJwk,
} from '#crypto/keys.ts';
import { createTlsCertificate, spkiDigest } from '#crypto/tls.ts';
import type { Side } from '#model/track.ts';
import type { Member } from '#trust/member.ts';

export type FloorIdentity = {
  organisation: string;
  address: string;
  message: PrivateJwk;
  encryption: PrivateJwk;
  tls: { certificatePem: string; privateKeyPem: string };
};

export type FloorFile = Record<Side, FloorIdentity>;

export function makeFloorIdentity(organisation: string): FloorIdentity {
  const nowMs = Date.now();
  return {
    organisation,
    address: '',
    message: createPrivateJwk('Ed25519'),
    encryption: createPrivateJwk('X25519'),
    tls: createTlsCertificate({
      hostNames: ['localhost'],
      notBeforeMs: nowMs - 60_000,
      notAfterMs: nowMs + 86_400_000,
    }),
  };
}

export async function floorKeys(own: FloorIdentity) {
  return {
    signing: await importSigningKey(own.message),
    opening: await importOpeningKey(own.encryption),
  };
}

export async function floorMember(of: FloorIdentity): Promise<Member> {
  const { d: _, ...messageJwk } = of.message;
  const { d: __, ...encryptionJwk } = of.encryption;
  const key = await importVerifyKey(messageJwk);
  return {
    organisation: of.organisation,
    name: 'Test floor',
    countries: ['NL'],
    roles: [],
    address: of.address,
    certificates: [of.tls.certificatePem],
    pins: [spkiDigest(of.tls.certificatePem)],
    messageKeys: new Map([[key.kid, key]]),
    isStateRun: false,
    keyAttestations: [],
    sealingKey: await importSealingKey(encryptionJwk),
    validUntilSeconds: 4_000_000_000,
  };
}
