// What is being sealed or is on its way with sections, when a person withdraws,
// is taken back: it is sealed again from what may still be sent.

export type Recall = {
  /** From before the referral is read until the partner has answered. */
  watch(referralId: string): Disposable & { signal: AbortSignal };
  /** After the commit of a withdrawal, whoever wrote it. */
  all(referralId: string): void;
};

export function createRecall(): Recall {
  const watched = new Map<string, Set<AbortController>>();
  return {
    watch(referralId) {
      const controller = new AbortController();
      const ofReferral = watched.get(referralId) ?? new Set();
      watched.set(referralId, ofReferral.add(controller));
      return {
        signal: controller.signal,
        [Symbol.dispose]() {
          ofReferral.delete(controller);
          if (ofReferral.size === 0 && watched.get(referralId) === ofReferral) {
            watched.delete(referralId);
          }
        },
      };
    },
    all(referralId) {
      for (const controller of watched.get(referralId) ?? []) controller.abort();
    },
  };
}
