// A small HTTPS server for public documents: GET only, TLS 1.3, bounds on all
// that a stranger sends, errors in the form of OpenID Federation 1.0 section 8.9.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';

import { limits } from '#model/limits.ts';
import type { Log } from '#model/log.ts';
import { Refusal } from '#model/refusal.ts';

export type Answer = { contentType: string; body: string };

/** An answer other than 200. The description is shown to whoever asked. */
export class HttpFailure extends Error {
  readonly status: number;
  readonly error: string;

  constructor(status: number, error: string, description: string) {
    super(description);
    this.status = status;
    this.error = error;
  }
}

export type TlsPair = { certificatePem: string; privateKeyPem: string };

export type HttpsServer = AsyncDisposable & {
  port: number;
  replaceCertificate(tls: TlsPair): void;
};

export async function serveHttps(parts: {
  host: string;
  port: number;
  tls: TlsPair;
  log: Log;
  /** @throws HttpFailure for an answer other than 200. */
  answer: (url: URL) => Promise<Answer>;
}): Promise<HttpsServer> {
  const server = createServer(
    {
      ...context(parts.tls),
      maxHeaderSize: limits.httpsHeaderBytesMax,
      handshakeTimeout: limits.fetchDeadlineMs,
      headersTimeout: limits.fetchDeadlineMs,
      requestTimeout: limits.fetchDeadlineMs,
      keepAliveTimeout: limits.httpsIdleMs,
    },
    (request, response) => void respond(request, response, parts),
  );
  server.maxConnections = limits.httpsConnectionsMax;
  const port = await listen(server, parts.host, parts.port);
  return {
    port,
    replaceCertificate: (tls) => server.setSecureContext(context(tls)),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const hurry = setTimeout(() => server.closeAllConnections(), 1000);
      await closed;
      clearTimeout(hurry);
    },
  };
}

function context({ certificatePem, privateKeyPem }: TlsPair) {
  return { cert: certificatePem, key: privateKeyPem, minVersion: 'TLSv1.3' as const };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { answer, log }: { answer: (url: URL) => Promise<Answer>; log: Log },
): Promise<void> {
  try {
    if (request.method !== 'GET') {
      throw new HttpFailure(405, 'invalid_request', 'Only GET is answered here.');
    }
    const url = URL.parse(request.url ?? '', 'https://host.invalid');
    if (!url) throw new HttpFailure(400, 'invalid_request', 'The path is not one.');
    const { contentType, body } = await answer(url);
    send(response, 200, contentType, body);
  } catch (cause) {
    const failure = cause instanceof HttpFailure ? cause : hidden(cause, log);
    const body = { error: failure.error, error_description: failure.message };
    send(response, failure.status, 'application/json', JSON.stringify(body));
  }
}

function hidden(cause: unknown, log: Log): HttpFailure {
  log.error('https.failed', { code: cause instanceof Refusal ? cause.code : 'INTERNAL' });
  return new HttpFailure(500, 'server_error', 'The server could not answer.');
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 405 && { allow: 'GET', connection: 'close' }),
  });
  response.end(body);
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const text = 'is in use or not allowed: give another port, or stop what listens there';
      reject(new Refusal('BAD_CONFIG', `The port ${port} ${text}.`, { cause }));
    });
    server.listen(port, host, () => {
      const place = server.address();
      resolve(typeof place === 'object' && place ? place.port : port);
    });
  });
}
