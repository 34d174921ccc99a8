import tls from 'node:tls';
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
});
