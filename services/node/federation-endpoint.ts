// Where the node serves its own entity configuration (OpenID Federation 1.0
// section 9), for its registry to read. The document is public and signed.
import type { Log } from '#model/log.ts';

import { HttpFailure, type HttpsServer, serveHttps } from '#services/https/serve-https.ts';

const PATH = '/.well-known/openid-federation';

export function startFederationEndpoint(parts: {
  host: string;
  port: number;
  tls: { certificatePem: string; privateKeyPem: string };
  /** Entity id, whose path precedes the well-known one. */
  entityId: string;
  configuration(): Promise<string>;
  log: Log;
}): Promise<HttpsServer> {
  const path = `${new URL(parts.entityId).pathname.replace(/\/$/, '')}${PATH}`;
  return serveHttps({
    ...parts,
    async answer({ pathname }) {
      if (pathname !== path) throw new HttpFailure(404, 'not_found', 'Nothing is served here.');
      return {
        contentType: 'application/entity-statement+jwt',
        body: await parts.configuration(),
      };
    },
  });
}
