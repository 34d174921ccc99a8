import { describe, expect, it } from 'vitest';

import { readCloudEvent, writeCloudEvent } from '#tracking/cloud-event.ts';

import { makeEvent, SOURCE } from './test-events.ts';

const propertiesOf = (value: object): string[] =>
  Object.entries(value).flatMap(([name, inner]: [string, unknown]) =>
    typeof inner === 'object' && inner !== null
      ? propertiesOf(inner).map((below) => `${name}.${below}`)
      : [name],
  );

const textOf = (change: (envelope: { data: Record<string, unknown> }) => void): string => {
  const envelope = JSON.parse(writeCloudEvent(makeEvent(), SOURCE).json);
  change(envelope);
  return JSON.stringify(envelope);
};

describe('a cloud event', () => {
  it('has these properties and no other', () => {
    const { json } = writeCloudEvent(makeEvent(), SOURCE);
    expect(propertiesOf(JSON.parse(json)).toSorted()).toEqual([
      'data.messageId',
      'data.partner',
      'data.seq',
      'data.status',
      'data.step',
      'datacontenttype',
      'id',
      'source',
      'specversion',
      'subject',
      'time',
      'type',
    ]);
  });

  it('says the same when it is read back', () => {
    const event = makeEvent({ what: 'receipt-verified' });
    const written = writeCloudEvent(event, SOURCE);
    expect(written).toMatchObject({
      id: event.eventId,
      subject: 'srx.v1.referral.receipt-verified',
    });
    expect(readCloudEvent(written.json)).toEqual({ event, source: SOURCE });
    expect(JSON.parse(written.json)).toMatchObject({
      specversion: '1.0',
      type: 'srx.v1.referral.receipt-verified',
      time: '2026-01-01T00:00:00.000Z',
    });
  });

  it.each([
    ['a property of its own', { name: 'Amara Example' }],
    ['a name as a referral', { referralId: 'Amara Example' }],
    ['a name as a message', { messageId: 'Amara Example' }],
    ['a name as an event', { eventId: 'Amara Example' }],
    ['a sentence as a status', { status: 'Amara Example has arrived' }],
    ['a sentence as a step', { step: 'Amara Example' }],
    ['a sentence as what happened', { what: 'Amara Example' }],
    ['a name as a partner', { partner: 'Amara Example' }],
    ['a query in a partner', { partner: 'https://lantern-house.example/?name=amara' }],
    ['a text as a number', { seq: 'Amara' }],
  ])('cannot be written with %s', (_, fields) => {
    const event = { ...makeEvent(), ...fields } as never;
    expect(() => writeCloudEvent(event, SOURCE)).toThrow(
      expect.objectContaining({
        code: 'SCHEMA_VIOLATION',
        message: expect.not.stringContaining('Amara'),
      }),
    );
  });

  it.each([
    ['no JSON', 'Amara Example'],
    ['a property beside the others', textOf((e) => Object.assign(e, { name: 'Amara' }))],
    ['a property in its data', textOf((e) => Object.assign(e.data, { note: 'Amara' }))],
    ['no data', textOf((e) => Reflect.deleteProperty(e, 'data'))],
    ['a type of another kind', textOf((e) => Object.assign(e, { type: 'srx.v1.alarm.late' }))],
    ['an unknown type', textOf((e) => Object.assign(e, { type: 'srx.v1.referral.amara' }))],
    ['a later version', textOf((e) => Object.assign(e, { specversion: '2.0' }))],
    ['a wrong time', textOf((e) => Object.assign(e, { time: 'yesterday' }))],
    ['too many bytes', `${' '.repeat(5000)}{}`],
  ])('is refused when it has %s', (_, json) => {
    expect(() => readCloudEvent(json)).toThrow(
      expect.objectContaining({
        code: 'SCHEMA_VIOLATION',
        message: expect.not.stringContaining('Amara'),
      }),
    );
  });
});
