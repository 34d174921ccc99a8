// The texts of files that the config names: a secret one must be its owner's
// alone, and one that is not there is told by what it is, with the remedy.
import { readFile } from 'node:fs/promises';

import { readSecretFile } from '#crypto/files.ts';
import { mustBelongTogether, spkiDigest } from '#crypto/tls.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

/** @param name what the file is: "TLS key". @throws Refusal BAD_CONFIG */
export async function readSecretText(file: string, name: string): Promise<string> {
  const bytes = await readSecretFile(file, name, limits.configFileBytesMax);
  if (bytes) return Buffer.from(bytes).toString('utf8');
  throw new Refusal('BAD_CONFIG', `The ${name} is not there: restore it, or correct its path.`);
}

/** PEM. @throws Refusal BAD_CONFIG */
export async function readCertificate(file: string, name: string): Promise<string> {
  try {
    const pem = await readFile(file, 'utf8');
    spkiDigest(pem);
    return pem;
  } catch (cause) {
    const fault = cause instanceof Refusal ? 'is not a certificate in PEM' : 'cannot be read';
    const remedy = 'check its path, owner and content';
    throw new Refusal('BAD_CONFIG', `The ${name} ${fault}: ${remedy}.`, { cause });
  }
}

/** @param name of the certificate: "TLS". @throws Refusal BAD_CONFIG */
export async function readTlsPair(
  files: { certificateFile: string; privateKeyFile: string },
  name: string,
): Promise<{ certificatePem: string; privateKeyPem: string }> {
  const certificatePem = await readCertificate(files.certificateFile, `${name} certificate`);
  const privateKeyPem = await readSecretText(files.privateKeyFile, `${name} key`);
  mustBelongTogether(certificatePem, privateKeyPem);
  return { certificatePem, privateKeyPem };
}
