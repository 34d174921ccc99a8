import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

import { TrackingEvent } from '#model/tracking-event.ts';
import { writeCloudEvent } from '#tracking/cloud-event.ts';

import { makeEvent, SOURCE } from './test-events.ts';

type Schema = { properties?: Record<string, Schema>; required?: string[]; enum?: string[] } & {
  additionalProperties?: boolean;
};
const document = JSON.parse(
  await readFile(new URL('../../docs/asyncapi.json', import.meta.url), 'utf8'),
) as {
  asyncapi: string;
  channels: { referral: { address: string; parameters: { what: { enum: string[] } } } };
  components: { messages: { event: { payload: Schema } } };
};
const { referral } = document.channels;
const { payload } = document.components.messages.event;

/** Names of all properties, where an object may have no other and must have each. */
function propertiesOf({ properties = {}, required, additionalProperties }: Schema): string[] {
  const names = Object.keys(properties);
  expect(required?.toSorted()).toEqual(names.toSorted());
  expect(additionalProperties).toBe(false);
  return names.flatMap((name) => {
    const below = properties[name];
    return below?.properties ? propertiesOf(below).map((inner) => `${name}.${inner}`) : [name];
  });
}

function namesOf(value: object): string[] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) =>
    typeof inner === 'object' && inner !== null
      ? namesOf(inner).map((below) => `${name}.${below}`)
      : [name],
  );
}

describe('the AsyncAPI of the events', () => {
  it('names every subject that a node publishes, and no other', () => {
    const published = TrackingEvent.shape.what.options.map(
      (what) => writeCloudEvent(makeEvent({ what }), SOURCE).subject,
    );
    const named = referral.parameters.what.enum.map((what) =>
      referral.address.replace('{what}', what),
    );
    expect(document.asyncapi).toBe('3.0.0');
    expect(named.toSorted()).toEqual(published.toSorted());
  });

  it('has the properties of an event, each needed and no other', () => {
    const { json } = writeCloudEvent(makeEvent(), SOURCE);
    expect(propertiesOf(payload).toSorted()).toEqual(namesOf(JSON.parse(json)).toSorted());
    const { step, status } = payload.properties?.['data']?.properties ?? {};
    expect(step?.enum).toEqual(TrackingEvent.shape.step.options);
    expect(status?.enum).toEqual(TrackingEvent.shape.status.options);
  });
});
