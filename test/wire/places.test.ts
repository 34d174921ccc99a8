import { once } from 'node:events';
import http2 from 'node:http2';
import tls from 'node:tls';

import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';

import { limits } from '#model/limits.ts';

import { connectAs, makeCertificate, makeMember, start, TestMembers } from './exchange-world.ts';

const north = makeCertificate();
const south = makeCertificate();
const west = makeCertificate();

describe('the connections of the exchange port', () => {
  it('have places for a member whatever strangers and other members take, and free ones again', async () => {
    const members = new TestMembers(makeMember('north', [north]), makeMember('west', [west]));
    await using server = await start(south, members);
    const target = makeMember('south', [south], server.port);
    const crowdOf = async (pair?: typeof north) => {
      const own = pair && { cert: pair.certificatePem, key: pair.privateKeyPem };
      const crowd = Array.from({ length: limits.connectionsPerMemberMax + 5 }, () =>
        tls.connect({ port: server.port, ca: south.certificatePem, ALPNProtocols: ['h2'], ...own }),
      );
      for (const socket of crowd) socket.on('error', () => {});
      const isClosed = (socket: tls.TLSSocket) => socket.destroyed || socket.readableEnded;
      for (const socket of crowd) socket.resume();
      await expect.poll(() => crowd.filter(isClosed).length, { timeout: 10_000 }).toBe(5);
      return { end: () => crowd.forEach((socket) => socket.destroy()) };
    };
    const strangers = await crowdOf();
    const neighbour = await crowdOf(west);
    await using client = connectAs(north);
    expect(await client.deliver(target, 'x')).toContain('receipt for');
    strangers.end();
    neighbour.end();
    const again = await crowdOf();
    again.end();
  });

  it('answer a stranger before a byte of the request is there, as they answer one that is whole', async () => {
    await using server = await start(south, new TestMembers(makeMember('north', [north])));
    const session = http2.connect(`https://localhost:${server.port}`, { ca: south.certificatePem });
    const ask = async (body: Buffer | undefined) => {
      const stream = session.request({
        ':method': 'POST',
        ':path': '/srx.exchange.v1.ExchangeService/Deliver',
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      if (body) stream.end(body);
      const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
      stream.close();
      return [headers['grpc-status'], headers['grpc-message'], headers['grpc-status-details-bin']];
    };
    const early = await ask(undefined);
    expect(early[0]).toBe(String(status.UNAUTHENTICATED));
    expect(await ask(Buffer.from([0, 0, 0, 0, 0]))).toEqual(early);
    session.close();
  });
});
