import { Metadata, type ServiceError, type StatusObject, status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';

import { type LogFields, silentLog } from '#model/log.ts';
import { REFUSAL_CODES, Refusal } from '#model/refusal.ts';
import { refusalOf, statusOf } from '#wire/status.ts';
import { retryInfo, statusDetails } from '#wire/well-known.ts';

const where = { method: 'deliver', log: silentLog };
const asError = (from: Partial<StatusObject>): ServiceError =>
  Object.assign(new Error(from.details ?? ''), {
    code: status.UNKNOWN,
    details: '',
    metadata: new Metadata(),
    ...from,
  });

const codes = (wanted: status) =>
  REFUSAL_CODES.filter((code) => statusOf(new Refusal(code, ''), where).code === wanted);
const refused = (code: status, details = '') =>
  refusalOf(asError({ code, details }), 'It', true).code;

describe('a refusal on its way', () => {
  it('comes back with its code, whatever it is, and with its words from the own node', () => {
    for (const code of REFUSAL_CODES) {
      const sent = statusOf(new Refusal(code, 'In seq: try again.'), where);
      expect([code, sent.code]).not.toEqual([code, status.OK]);
      const back = refusalOf(asError(sent), 'The node', true);
      expect(back).toMatchObject({ code, message: 'In seq: try again.' });
    }
  });

  it('keeps the words of a stranger out', () => {
    const sent = statusOf(new Refusal('CHAIN_FORK', 'Some words of another.'), where);
    const back = refusalOf(asError(sent), 'The node of https://south.example', false);
    expect(back.message).toBe('The node of https://south.example answered CHAIN_FORK.');
  });

  it('has the gRPC status that the protocol names', () => {
    expect(codes(status.INVALID_ARGUMENT)).toEqual([
      'MALFORMED',
      'SCHEMA_VIOLATION',
      'UNSUPPORTED_VERSION',
      'ALG_NOT_ALLOWED',
    ]);
    expect(codes(status.UNAUTHENTICATED)).toEqual(['UNAUTHENTICATED']);
    expect(codes(status.ABORTED)).toEqual(['CHAIN_FORK']);
    expect(codes(status.RESOURCE_EXHAUSTED)).toEqual(['RATE_LIMITED', 'TOO_LARGE']);
    expect(codes(status.UNAVAILABLE)).toEqual(['UNAVAILABLE']);
    expect(codes(status.INTERNAL)).toEqual([]);
    expect(codes(status.UNKNOWN)).toEqual([]);
  });

  it('says when to come back where it is worth another try', () => {
    for (const code of ['RATE_LIMITED', 'UNAVAILABLE'] as const) {
      const { metadata } = statusOf(new Refusal(code, 'Wait.'), where);
      const [bytes] = metadata.get('grpc-status-details-bin') as Buffer[];
      const details = statusDetails.decode(bytes ?? Buffer.of()).details;
      const retry = details.find(({ typeUrl }) => typeUrl.endsWith('/google.rpc.RetryInfo'));
      expect(retryInfo.decode(retry?.value ?? Buffer.of()).retryDelay.seconds).toBe(1);
    }
  });

  it('survives words that no header can carry', () => {
    const sent = statusOf(new Refusal('MALFORMED', `\ud800${'x'.repeat(5000)}`), where);
    expect(() => encodeURI(sent.details)).not.toThrow();
    expect(sent.details.length).toBeLessThanOrEqual(1000);
  });
});

describe('a bug', () => {
  it('shows as INTERNAL without details and is logged by an id, its kind and its place only', () => {
    const logged: [string, LogFields | undefined][] = [];
    const log = {
      ...silentLog,
      error: (event: string, fields?: LogFields) => logged.push([event, fields]),
    };
    const thrown = new TypeError('canary of a name');
    const sent = statusOf(thrown, { method: 'act', log });
    expect(sent).toMatchObject({ code: status.INTERNAL, details: 'Internal error.' });
    expect(sent.metadata.toJSON()).toEqual({});
    expect(logged).toEqual([
      ['call-failed', { method: 'act', id: expect.any(String), kind: 'TypeError', at: '' }],
    ]);
    expect(JSON.stringify(logged)).not.toContain('canary');
  });
});

describe('a status of another maker', () => {
  it('becomes the nearest code of ours', () => {
    expect(refused(status.DEADLINE_EXCEEDED)).toBe('TIMED_OUT');
    expect(refused(status.UNAVAILABLE)).toBe('UNAVAILABLE');
    expect(refused(status.UNIMPLEMENTED)).toBe('UNSUPPORTED_VERSION');
    expect(refused(status.RESOURCE_EXHAUSTED)).toBe('RATE_LIMITED');
    expect(refused(status.RESOURCE_EXHAUSTED, 'Received message larger than max (9 vs. 4)')).toBe(
      'TOO_LARGE',
    );
    expect(refused(status.INTERNAL)).toBe('UNAVAILABLE');
    expect(refused(status.UNKNOWN)).toBe('UNAVAILABLE');
  });

  it('is not believed when its details are broken, of another domain or an unknown reason', () => {
    const sent = statusOf(new Refusal('CHAIN_FORK', 'x'), where);
    const [bytes] = sent.metadata.get('grpc-status-details-bin') as [Buffer];
    const swap = (from: string, to: string) => {
      const metadata = new Metadata();
      const text = bytes.toString('latin1').replace(from, to);
      metadata.set('grpc-status-details-bin', Buffer.from(text, 'latin1'));
      return refusalOf(asError({ code: status.ABORTED, metadata }), 'It', true).code;
    };
    expect(swap('no such', 'text')).toBe('CHAIN_FORK');
    expect(swap('srx', 'xrs')).toBe('UNAVAILABLE');
    expect(swap('CHAIN_FORK', 'CHAIN_FOLK')).toBe('UNAVAILABLE');
    const broken = new Metadata();
    broken.set('grpc-status-details-bin', bytes.subarray(0, -3));
    expect(refusalOf(asError({ code: status.ABORTED, metadata: broken }), 'It', true).code).toBe(
      'UNAVAILABLE',
    );
  });
});
