import { describe, expect, it } from 'vitest';

import { parseConfig } from '#services/node/config.ts';

const node = {
  srxNode: 1,
  organisation: 'https://harbour.example',
  name: 'Harbour',
  countries: ['NL'],
  roles: ['destination'],
  exchange: { host: '0.0.0.0', port: 7443, address: 'node.harbour.example:7443' },
  casework: { host: '127.0.0.1', port: 7444 },
  federation: { host: '0.0.0.0', port: 7445, address: 'node.harbour.example:7445' },
  registry: null,
  databaseUrl: 'sqlite:srx.db',
  nats: { mode: 'own' },
  keyFilePlaces: ['sections.keys'],
};
const bad = (words: RegExp) =>
  expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringMatching(words) });

describe('the config of a node', () => {
  it('lets staff tokens beyond this machine only over TLS', () => {
    const tls = { certificateFile: 'a', privateKeyFile: 'b' };
    for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost']) {
      expect(parseConfig({ ...node, casework: { host, port: 1 } }).casework.host).toBe(host);
    }
    for (const host of ['0.0.0.0', '::', '10.0.0.1', 'localhost.example', '127.0.0.1.example']) {
      const casework = { host, port: 1 };
      expect(() => parseConfig({ ...node, casework }), host).toThrow(bad(/casework\.host/));
      expect(parseConfig({ ...node, casework: { ...casework, tls } }).casework.tls).toEqual(tls);
    }
  });

  it('lets the password of an event server beyond this machine only over TLS', () => {
    const natsOf = (url: string) => parseConfig({ ...node, nats: { mode: 'external', url } }).nats;
    for (const url of ['nats://127.0.0.1:4222', 'nats://[::1]:4222', 'tls://nats.example:4222']) {
      expect(natsOf(url)).toMatchObject({ url });
    }
    for (const url of [
      'nats://nats.example:4222',
      'nats://10.0.0.1:4222',
      'nats://u:p@x:1',
      'x:1',
    ]) {
      expect(() => natsOf(url), url).toThrow(bad(/nats\.url: must be tls/));
    }
  });

  it('holds no password', () => {
    for (const databaseUrl of ['postgres://u:canary@h/d', 'postgres://h/d?password=canary']) {
      expect(() => parseConfig({ ...node, databaseUrl })).toThrow(bad(/databasePasswordFile/));
      expect(() => parseConfig({ ...node, databaseUrl })).not.toThrow(/canary/);
    }
  });

  it('names an unknown field, and every field at fault', () => {
    expect(() => parseConfig({ ...node, nat: 1 })).toThrow(bad(/no field nat; did you mean nats/));
    const faults = { ...node, roles: [], countries: ['XX'], keyFilePlaces: [] };
    expect(() => parseConfig(faults)).toThrow(bad(/countries.*roles.*keyFilePlaces/));
  });
});
