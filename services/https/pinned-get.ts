// One HTTPS GET to a host that is believed by its certificate alone: pinned, TLS
// 1.3, a deadline, a bound on the body, no redirects, no other authority.
import { Agent, request } from 'node:https';

import { spkiDigest } from '#crypto/tls.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

export type PinnedHost = {
  /** host:port to dial, whatever the URL says. */
  dial: string;
  /** PEM; any one of them may be shown. */
  certificates: readonly string[];
  /** Told when an answer comes: the clock of the other side, by its Date header. */
  onDate?: (ms: number) => void;
};

export type PinnedGet = (
  url: string,
  expected: { contentType: string; bytesMax: number },
) => Promise<string>;

/** Keeps a few connections open until it is disposed of. */
export function createPinnedGet(
  host: PinnedHost,
  deadlineMs: number = limits.fetchDeadlineMs,
): Disposable & { get: PinnedGet } {
  const agent = createAgent(host);
  return {
    get: (url, expected) => get(agent, host, new URL(url), expected, deadlineMs),
    [Symbol.dispose]: () => agent.destroy(),
  };
}

function createAgent({ certificates }: PinnedHost): Agent {
  const pins = certificates.map((pem) => spkiDigest(pem));
  return new Agent({
    keepAlive: true,
    maxSockets: limits.fetchBudgetMax,
    minVersion: 'TLSv1.3',
    ca: [...certificates],
    // The certificate's names do not matter, its key does: a host may be dialled by another name.
    checkServerIdentity: (_host, { raw }) =>
      pins.includes(spkiDigest(raw)) ? undefined : new Error(NOT_PINNED),
  });
}

async function get(
  agent: Agent,
  { dial, onDate }: PinnedHost,
  url: URL,
  { contentType, bytesMax }: { contentType: string; bytesMax: number },
  deadlineMs: number,
): Promise<string> {
  const colon = dial.lastIndexOf(':');
  const signal = AbortSignal.timeout(deadlineMs);
  try {
    return await new Promise<string>((resolve, reject) => {
      const asked = request({
        agent,
        signal,
        host: dial.slice(0, colon).replace(/^\[(.*)\]$/, '$1'),
        port: Number(dial.slice(colon + 1)),
        path: `${url.pathname}${url.search}`,
        headers: { host: url.host, accept: contentType },
      });
      asked.once('error', reject);
      asked.once('response', (response) => {
        const refuse = (refusal: Refusal) => {
          reject(refusal);
          response.destroy();
        };
        const { statusCode, headers } = response;
        onDate?.(Date.parse(headers.date ?? ''));
        if (statusCode === 404) return refuse(new Refusal('NOT_FOUND', 'Not found there.'));
        if (statusCode !== 200 || headers['content-type']?.split(';')[0] !== contentType) {
          return refuse(unavailable());
        }
        const parts: Buffer[] = [];
        let bytes = 0;
        response.on('data', (part: Buffer) => {
          bytes += part.length;
          if (bytes <= bytesMax) parts.push(part);
          else refuse(new Refusal('TOO_LARGE', `The answer is over its ${bytesMax} bytes.`));
        });
        response.once('error', reject);
        response.once('end', () => resolve(Buffer.concat(parts).toString('utf8')));
      });
      asked.end();
    });
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    if (signal.aborted) {
      throw new Refusal('TIMED_OUT', `No whole answer within ${deadlineMs} ms.`, { cause });
    }
    throw unavailable(cause);
  }
}

const NOT_PINNED = 'The certificate is not the pinned one.';

function unavailable(cause?: unknown): Refusal {
  const said = cause instanceof Error ? cause : undefined;
  const code = said && 'code' in said ? String(said.code) : '';
  const isOther = said?.message === NOT_PINNED || /CERT|SELF_SIGNED|UNABLE_TO/.test(code);
  const isAway = /^E(CONN|HOST|NET|AI_)|ENOTFOUND|EADDR/.test(code);
  const away = 'It cannot be reached: see whether it runs there, and whether the address is right.';
  const other =
    'It shows another certificate than the pinned one: get the certificate anew from it.';
  const reason = isOther ? other : isAway ? away : 'It did not answer as it should.';
  return new Refusal('UNAVAILABLE', reason, { cause });
}
