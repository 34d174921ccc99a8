import { connect as connectHttp2 } from 'node:http2';

import { ChannelCredentials, Client, type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { limits } from '#model/limits.ts';
import { wireType } from '#wire/convert.ts';
import { HEALTH_PATH, NOT_SERVING, SERVING } from '#wire/health.ts';
import { refusalOf } from '#wire/status.ts';
import { healthRequest, healthResponse } from '#wire/well-known.ts';

import {
  connectAs,
  echo,
  makeCertificate,
  makeMember,
  start,
  TestMembers,
} from './exchange-world.ts';

const north = makeCertificate();
const south = makeCertificate();
const DELIVER = '/srx.exchange.v1.ExchangeService/Deliver';
const SYNC = '/srx.exchange.v1.ExchangeService/Sync';

let isHealthy = true;
const gate = { isOpen: true };
let server: Awaited<ReturnType<typeof start>>;
let client: Client;

beforeAll(async () => {
  server = await start(south, new TestMembers(makeMember('north', [north])), {
    health: () => isHealthy,
    handlers: {
      ...echo,
      deliver: async (peer, parcel) => {
        while (!gate.isOpen) await new Promise((resolve) => setTimeout(resolve, 5));
        return echo.deliver(peer, parcel);
      },
    },
  });
  const credentials = ChannelCredentials.createSsl(
    Buffer.from(south.certificatePem),
    Buffer.from(north.privateKeyPem),
    Buffer.from(north.certificatePem),
  );
  client = new Client(`localhost:${server.port}`, credentials);
});

afterAll(async () => {
  client.close();
  await server.drain();
});

const asIs = (value: Buffer) => value;

function send(path: string, bytes: Buffer, by: Client = client): Promise<Buffer | ServiceError> {
  return new Promise((resolve) => {
    by.makeUnaryRequest(path, asIs, asIs, bytes, (error, answer) =>
      resolve(error ?? (answer as Buffer)),
    );
  });
}

async function refused(path: string, bytes: Buffer): Promise<string> {
  const answer = await send(path, bytes);
  if (Buffer.isBuffer(answer)) return 'nothing refused';
  const { code, message } = refusalOf(answer, 'It', true);
  return `${status[answer.code]} ${code} ${message}`;
}

describe('bytes that are no request', () => {
  it('are MALFORMED and never INTERNAL', async () => {
    const whole = wireType('srx.exchange.v1.DeliverRequest').encode({ parcel: 'abc' });
    for (const bytes of [
      whole.subarray(0, -1),
      Buffer.from([0xff]),
      Buffer.from([0x0a, 1, 0xff]),
    ]) {
      expect(await refused(DELIVER, bytes)).toMatch(/^INVALID_ARGUMENT MALFORMED /);
    }
  });

  it('are a SCHEMA_VIOLATION that names the field', async () => {
    expect(await refused(DELIVER, Buffer.of())).toMatch(/SCHEMA_VIOLATION .* in parcel\./);
    const heads = { referralId: 'not-an-id', receiptsWanted: [] };
    const sync = wireType('srx.exchange.v1.SyncRequest');
    const wrong = sync.encode({ referrals: [heads] });
    expect(await refused(SYNC, wrong)).toMatch(/SCHEMA_VIOLATION .* in referrals\.0\.referralId\./);
    const one = { referralId: '22222222-0000-4000-8000-000000000000', receiptsWanted: [] };
    const many = sync.encode({
      referrals: Array.from({ length: limits.syncReferralsMax + 1 }, () => one),
    });
    expect(await refused(SYNC, many)).toMatch(/SCHEMA_VIOLATION .* in referrals\./);
  });

  it('are TOO_LARGE beyond the bound, before they are read', async () => {
    const large = { parcel: 'x'.repeat(limits.exchangeRequestBytesMax) };
    const bytes = wireType('srx.exchange.v1.DeliverRequest').encode(large);
    expect(await refused(DELIVER, bytes)).toMatch(/^RESOURCE_EXHAUSTED TOO_LARGE /);
  });

  it('are answered for a method unknown here as UNSUPPORTED_VERSION', async () => {
    const answer = await refused('/srx.exchange.v1.ExchangeService/Later', Buffer.of());
    expect(answer).toMatch(/^UNIMPLEMENTED UNSUPPORTED_VERSION /);
  });

  it('do no harm to others when a frame is cut off or promises more than comes', async () => {
    const session = connectHttp2(`https://localhost:${server.port}`, {
      ca: south.certificatePem,
      cert: north.certificatePem,
      key: north.privateKeyPem,
    });
    const answers = [Buffer.from([0, 0, 0, 0, 100, 1, 2]), Buffer.from([0, 0]), Buffer.of()].map(
      (body) =>
        new Promise<number>((resolve, reject) => {
          const stream = session.request({
            ':method': 'POST',
            ':path': DELIVER,
            'content-type': 'application/grpc',
            te: 'trailers',
          });
          const take = (headers: Record<string, unknown>) => {
            if (headers['grpc-status'] !== undefined) resolve(Number(headers['grpc-status']));
          };
          stream.on('response', take).on('trailers', take).on('error', reject);
          stream.on('close', () => resolve(-1));
          stream.end(body);
          stream.resume();
        }),
    );
    for (const code of await Promise.all(answers)) expect(code).not.toBe(status.OK);
    session.destroy();
    await using other = connectAs(north);
    const target = makeMember('south', [south], server.port);
    expect(await other.deliver(target, 'x')).toMatch(/^receipt/);
  });
});

const ask = async (service: string, by?: Client) => {
  const answer = await send(HEALTH_PATH, healthRequest.encode({ service }), by);
  return Buffer.isBuffer(answer) ? healthResponse.decode(answer).status : status[answer.code];
};

describe('health', () => {
  it('is told for the port and for the service, as it is, and for no other name', async () => {
    expect(await ask('')).toBe(SERVING);
    expect(await ask('srx.exchange.v1.ExchangeService')).toBe(SERVING);
    expect(await ask('srx.casework.v1.CaseworkService')).toBe('NOT_FOUND');
    isHealthy = false;
    expect(await ask('')).toBe(NOT_SERVING);
    isHealthy = true;
  });

  it('is told without a certificate', async () => {
    const bare = new Client(
      `localhost:${server.port}`,
      ChannelCredentials.createSsl(Buffer.from(south.certificatePem)),
    );
    expect(await ask('', bare)).toBe(SERVING);
    bare.close();
  });

  it('is never SERVING once the server drains', async () => {
    gate.isOpen = false;
    const underWay = send(
      DELIVER,
      wireType('srx.exchange.v1.DeliverRequest').encode({ parcel: 'x' }),
    );
    await ask('');
    const drained = server.drain();
    // The client has been told to go; what it still asks is answered or refused, never served anew.
    expect([NOT_SERVING, 'UNAVAILABLE']).toContain(await ask(''));
    gate.isOpen = true;
    expect(Buffer.isBuffer(await underWay)).toBe(true);
    await drained;
  });
});
