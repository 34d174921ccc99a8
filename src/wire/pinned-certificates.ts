// Certificates as grpc-js asks for them, changeable while connections live: the
// own one to show, and the only ones that the other side may show.
import tls from 'node:tls';

import type { experimental } from '@grpc/grpc-js';

type CertificateProvider = experimental.CertificateProvider;
type CaListener = experimental.CaCertificateUpdateListener;
type IdentityListener = experimental.IdentityCertificateUpdateListener;

/** PEM. */
export type TlsIdentity = { certificatePem: string; privateKeyPem: string };

/** SHA-256 of the public key (SPKI) of a DER certificate, base64url. */
export type SpkiDigest = (der: Buffer) => string;

/**
 * One provider for both questions: grpc-js 1.14 names the two parameters of its server credentials
 * in one order and passes them on in the other.
 */
export class PinnedCertificates implements CertificateProvider {
  readonly #identity: { certificate: Buffer; privateKey: Buffer };
  readonly #listeners = new Set<CaListener>();
  #ca: Buffer;

  constructor(identity: TlsIdentity, trusted: readonly string[]) {
    this.#identity = {
      certificate: Buffer.from(identity.certificatePem),
      privateKey: Buffer.from(identity.privateKeyPem),
    };
    this.#ca = bundle(trusted);
  }

  /** For handshakes from now on. */
  trust(certificates: readonly string[]): void {
    const ca = bundle(certificates);
    if (ca.equals(this.#ca)) return;
    this.#ca = ca;
    for (const listener of this.#listeners) listener({ caCertificate: ca });
  }

  addCaCertificateListener(listener: CaListener): void {
    this.#listeners.add(listener);
    // Later: grpc-js asks before it has put down who is to be told.
    queueMicrotask(() => listener({ caCertificate: this.#ca }));
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#listeners.delete(listener);
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    queueMicrotask(() => listener(this.#identity));
  }

  removeIdentityCertificateListener(_listener: IdentityListener): void {}
}

/** grpc-js takes no version of TLS in its options: it is set for the whole process. */
export function allowTls13Only(): void {
  tls.DEFAULT_MIN_VERSION = 'TLSv1.3';
}

function bundle(certificates: readonly string[]): Buffer {
  return Buffer.from(certificates.map((pem) => pem.trim()).join('\n'));
}
