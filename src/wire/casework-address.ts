// What both ends of CaseworkService agree on.
import { CASEWORK_METHODS, CASEWORK_STREAMS } from './contracts/casework.ts';

export const CASEWORK = {
  service: 'srx.casework.v1.CaseworkService',
  methods: { ...CASEWORK_METHODS, ...CASEWORK_STREAMS },
} as const;
