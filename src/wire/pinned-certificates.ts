// Certificates as grpc-js asks for them: the own one to show, and the only ones
// that the other side may show.
import tls from 'node:tls';

import type { experimental } from '@grpc/grpc-js';

type CertificateProvider = experimental.CertificateProvider;
type CaListener = experimental.CaCertificateUpdateListener;
type IdentityListener = experimental.IdentityCertificateUpdateListener;

/** PEM. */
export type TlsIdentity = { certificatePem: string; privateKeyPem: string };

/** SHA-256 of the public key (SPKI) of a DER certificate, base64url. */
export type SpkiDigest = (der: Buffer) => string;

export class PinnedCertificates implements CertificateProvider {
  readonly #identity: { certificate: Buffer; privateKey: Buffer };
  readonly #ca: Buffer;

  constructor(identity: TlsIdentity, trusted: readonly string[]) {
    this.#identity = {
      certificate: Buffer.from(identity.certificatePem),
      privateKey: Buffer.from(identity.privateKeyPem),
    };
    this.#ca = Buffer.from(trusted.map((pem) => pem.trim()).join('\n'));
  }

  addCaCertificateListener(listener: CaListener): void {
    listener({ caCertificate: this.#ca });
  }

  removeCaCertificateListener(_listener: CaListener): void {}

  addIdentityCertificateListener(listener: IdentityListener): void {
    listener(this.#identity);
  }

  removeIdentityCertificateListener(_listener: IdentityListener): void {}
}

/** grpc-js takes no version of TLS in its options: it is set for the whole process. */
export function allowTls13Only(): void {
  tls.DEFAULT_MIN_VERSION = 'TLSv1.3';
}
