// A place in a nested value as people read it: sections.health.medication[0].name

/** Names of fields and numbers of items only; '' for the whole. */
export function pathText(path: readonly PropertyKey[]): string {
  let shown = '';
  for (const step of path) {
    if (typeof step === 'number') shown += `[${step}]`;
    else shown += shown === '' ? String(step) : `.${String(step)}`;
  }
  return shown;
}

/** The value at a path, own properties only; undefined where there is none. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Record<PropertyKey, unknown>)[step];
  }
  return here;
}
