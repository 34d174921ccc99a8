// The node's TLS certificate: self-signed and pinned by its digest in the
// member's signed metadata, so that each certificate is its own and only CA.
import { createPrivateKey, generateKeyPairSync, hash, sign, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

import { Refusal } from '#model/refusal.ts';

import * as asn1 from './der.ts';
import { randomBytes, sha256 } from './digest.ts';

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  serialNumber: '2.5.4.5',
  subjectKeyIdentifier: '2.5.29.14',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
};

const DNS_NAME =
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;
const algorithm = asn1.sequence(asn1.oid(OID.ecdsaWithSha256));

/**
 * A self-signed certificate (RFC 5280) with a fresh P-256 key.
 * It is no CA: whoever pins it believes this key and nothing that it might sign. It has no
 * keyUsage, because some libraries want keyCertSign in a self-signed one, and then a CA.
 * @throws Refusal BAD_CONFIG for a host name that is neither DNS name nor IP address.
 */
export function createTlsCertificate(input: {
  hostNames: readonly string[];
  notBeforeMs: number;
  notAfterMs: number;
}): { certificatePem: string; privateKeyPem: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const serial = randomBytes(16);
  serial[0] = (serial[0] ?? 0) | 0x40; // never zero first, never negative
  const name = distinguishedName(input.hostNames, serial);
  const body = asn1.sequence(
    asn1.der(0xa0, asn1.integer(Buffer.of(2))), // version 3
    asn1.integer(serial),
    algorithm,
    name,
    asn1.sequence(asn1.time(input.notBeforeMs), asn1.time(input.notAfterMs)),
    name,
    spki,
    asn1.der(0xa3, extensions(input.hostNames, spki)),
  );
  const signature = sign('sha256', body, privateKey);
  const certificate = asn1.sequence(body, algorithm, asn1.bits(signature));
  return {
    certificatePem: new X509Certificate(certificate).toString(),
    privateKeyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}

/** The pin: SHA-256 of the SubjectPublicKeyInfo (RFC 7469 section 2.4), base64url. */
export function spkiDigest(certificate: string | Uint8Array): string {
  return sha256(readCertificate(certificate).publicKey.export({ format: 'der', type: 'spki' }));
}

/** @throws Refusal BAD_CONFIG unless the one is a certificate and the other its private key. */
export function mustBelongTogether(certificatePem: string, privateKeyPem: string): void {
  let isOwn = false;
  try {
    isOwn = new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(privateKeyPem));
  } catch {
    // Without a cause: it could tell of the key.
  }
  if (isOwn) return;
  throw new Refusal(
    'BAD_CONFIG',
    'A TLS certificate and its key cannot be used together: give both files as PEM, of one key.',
  );
}

/** From when until when a certificate is valid. */
export function certificateDates(certificate: string | Uint8Array): {
  notBeforeMs: number;
  notAfterMs: number;
} {
  const { validFromDate, validToDate } = readCertificate(certificate);
  return { notBeforeMs: validFromDate.getTime(), notAfterMs: validToDate.getTime() };
}

function readCertificate(certificate: string | Uint8Array): X509Certificate {
  try {
    return new X509Certificate(certificate);
  } catch (cause) {
    throw new Refusal('MALFORMED', 'A TLS certificate is neither PEM nor DER.', { cause });
  }
}

// The serial stands in the name too: the current and the next certificate of a
// node then have different issuers, and no library tries the wrong one.
function distinguishedName(hostNames: readonly string[], serial: Uint8Array): Buffer {
  const commonName = (hostNames[0] ?? '').slice(0, 64); // RFC 5280 appendix A, ub-common-name
  return asn1.sequence(
    asn1.set(asn1.sequence(asn1.oid(OID.commonName), asn1.utf8(commonName))),
    asn1.set(
      asn1.sequence(
        asn1.oid(OID.serialNumber),
        asn1.printable(Buffer.from(serial).toString('hex')),
      ),
    ),
  );
}

function extensions(hostNames: readonly string[], spki: Uint8Array): Buffer {
  if (hostNames.length === 0) throw badHostName();
  const keyId = hash('sha256', spki, 'buffer').subarray(0, 20); // RFC 7093 section 2
  const usages = [asn1.oid(OID.serverAuth), asn1.oid(OID.clientAuth)];
  return asn1.sequence(
    extension(OID.basicConstraints, asn1.sequence(), asn1.isTrue()),
    extension(OID.extKeyUsage, asn1.sequence(...usages)),
    extension(OID.subjectAltName, asn1.sequence(...hostNames.map(generalName))),
    extension(OID.subjectKeyIdentifier, asn1.octets(keyId)),
    extension(OID.authorityKeyIdentifier, asn1.sequence(asn1.der(0x80, keyId))),
  );
}

function extension(id: string, value: Buffer, ...critical: Buffer[]): Buffer {
  return asn1.sequence(asn1.oid(id), ...critical, asn1.octets(value));
}

// RFC 5280 section 4.2.1.6: dNSName [2], iPAddress [7] as 4 or 16 bytes.
function generalName(host: string): Buffer {
  if (isIP(host) === 4) return asn1.der(0x87, Buffer.from(host.split('.').map(Number)));
  if (isIP(host) === 6) return asn1.der(0x87, ipv6Bytes(host));
  const name = host.toLowerCase();
  if (!DNS_NAME.test(name)) throw badHostName();
  return asn1.der(0x82, Buffer.from(name, 'latin1'));
}

function ipv6Bytes(address: string): Buffer {
  if (address.includes('%')) throw badHostName();
  // The URL parser leaves one form: hexadecimal groups, at most one "::".
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = [], tail = []] = plain.split('::').map((half) => half.split(':').filter(Boolean));
  const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function badHostName(): Refusal {
  return new Refusal(
    'BAD_CONFIG',
    'The TLS host names must be DNS names or IP addresses, at least one.',
  );
}
