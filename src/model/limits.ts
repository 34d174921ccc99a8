// Every bound of the program, in one place. Units stand last in the names.

const KIB = 1024;
const SECOND_MS = 1000;
const DAY_SECONDS = 24 * 60 * 60;

export const limits = {
  // Wire
  parcelSizeClassesBytes: [4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB],
  messageJwsBytesMax: 32 * KIB,
  parcelJweBytesMax: 352 * KIB, // 256 KiB sealed, base64url and header
  receiptJwsBytesMax: 8 * KIB,
  sectionBytesMax: 192 * KIB,
  sectionSaltBytes: 32,
  sectionsPerMessageMax: 24,
  grantsPerMessageMax: 32,
  entityIdBytesMax: 256,
  grpcMessageBytesMax: 4 * KIB * KIB,
  rulesVersion: 1,

  // Chains
  messagesPerChainMax: 4096,
  numbersKeptForWithdrawals: 64,
  parkedPerReferralMax: 64,
  messageLifeSecondsMax: 30 * DAY_SECONDS,
  clockSkewSecondsMax: 5 * 60,

  // Gates before a request or a release
  reflectionDaysMin: 30, // CoE Convention, Article 13
  reflectionDaysMax: 365,

  // Rules of the fold
  riskAgeSecondsMax: 14 * DAY_SECONDS,
  departureFactAgeSecondsMax: 72 * 60 * 60,
  meetingSecondsAfter: DAY_SECONDS, // after the arrival, contact, danger and arrival close
  safetySearchSeconds: 90 * DAY_SECONDS, // after the end of the consent; then it is erased
  callSeconds: DAY_SECONDS, // after a withdrawal before the taking over
  callTravellingSeconds: 4 * 60 * 60,
  authorityAskedMs: DAY_SECONDS * SECOND_MS, // after a guardian alone said no
  arrivalUnknownSeconds: DAY_SECONDS, // where our own plan of it cannot be read
  answerSecondsMax: 14 * DAY_SECONDS,
  answerSecondsByPriority: {
    emergency: DAY_SECONDS,
    urgent: 3 * DAY_SECONDS,
    normal: 14 * DAY_SECONDS,
  },

  // Retention, from the time that a message names
  withdrawnRetentionMs: 7 * DAY_SECONDS * SECOND_MS,
  arrivalRetentionMs: 7 * DAY_SECONDS * SECOND_MS,
  meetingWaitMs: 30 * DAY_SECONDS * SECOND_MS, // where nobody reports an arrival
  endedRetentionMs: 30 * DAY_SECONDS * SECOND_MS,
  completedRetentionMs: 365 * DAY_SECONDS * SECOND_MS,
  evidenceRetentionMs: 1826 * DAY_SECONDS * SECOND_MS, // five years
  erasureAnswerGraceMs: DAY_SECONDS * SECOND_MS,
  renewBeforeMs: 14 * DAY_SECONDS * SECOND_MS,
  heldErasureLookMs: 60 * 60 * SECOND_MS,
  retentionQuietMs: DAY_SECONDS * SECOND_MS,
  retentionSweepMs: 6 * 60 * 60 * SECOND_MS,

  // Delivery
  deliverAtOnceMax: 32,
  deliverLeaseMs: 60 * SECOND_MS,
  deliverBackoffMs: [1, 5, 15, 60, 300, 900].map((s) => s * SECOND_MS),
  withdrawalBackoffMs: [1, 2, 5, 15].map((s) => s * SECOND_MS), // for as long as it takes
  deliverQueueMax: 4096,
  deliverPollMs: 5 * SECOND_MS,
  callDeadlineMs: 15 * SECOND_MS,
  syncReferralsMax: 64,
  syncParcelsMax: 8,
  syncMessagesMax: 64,
  syncRoundsMax: 128,
  headsPageMax: 1024,
  headsPagesMax: 1024,
  comparePollMs: 5 * SECOND_MS,
  compareBackoffMs: [5, 15, 60, 180].map((s) => s * SECOND_MS),
  commitRetriesMax: 8,
  turnsWaitingMax: 256, // in one referral

  // Store
  writeBatchMax: 32,
  writeGatherMs: 20,
  writeQueueMax: 2048,
  preparedStatementsMax: 256,
  sqlBusyMs: 5 * SECOND_MS,
  sqlStatementMs: 30 * SECOND_MS,
  sqlPoolMax: 10,
  sqlRetriesMax: 5,
  sqlRowsPerInsertMax: 32,
  sqlItemsPerListMax: 256,
  sqliteWalPages: 4000, // of 4 KiB, before they are carried into the database file
  sqliteCacheBytes: 64 * KIB * KIB,

  // Events
  outboxBatchMax: 256,
  eventBytesMax: 4 * KIB,
  publishGatherMs: 20,
  publishPollMs: 5 * SECOND_MS,
  publishBackoffMs: [200, 500, 1000, 2000, 5000, 10_000],
  streamCheckMs: 30 * SECOND_MS,
  streamMessagesMax: 1_000_000,
  streamBytesMax: KIB * KIB * KIB,
  streamDuplicateWindowMs: 120 * SECOND_MS,
  natsConnectMs: 2 * SECOND_MS,
  natsReconnectMs: 2 * SECOND_MS,
  natsPingMs: 10 * SECOND_MS,
  natsCallMs: 5 * SECOND_MS,
  natsAckWaitMs: 10 * SECOND_MS, // so long an event waits whose reader was killed
  natsDeliverMax: 100_000, // days: what fails is the database, never the event
  natsBatchMax: 256,
  natsGatherMs: 10,
  natsPullExpiresMs: 10 * SECOND_MS,
  natsStartMs: 15 * SECOND_MS,
  natsStopMs: 5 * SECOND_MS,
  natsTailCharsMax: 4096,
  natsFetchMs: 180 * SECOND_MS,
  natsPayloadBytesMax: 64 * KIB,
  natsConnectionsMax: 64,
  natsMemoryBytesMax: 64 * KIB * KIB,
  natsFileBytesMax: 2 * KIB * KIB * KIB,
  watchersMax: 64,
  watchQueueMax: 1024,
  watchToldMax: 16_384,

  // Calls
  evidenceBytesMax: 8 * KIB * KIB, // what one call exports, printed wide
  exchangeRequestBytesMax: 368 * KIB, // a parcel, or the heads of a full Sync
  callsPerConnectionMax: 256,
  callAttemptsMax: 3,
  nodeAttemptsMax: 5, // about 5 s, for a node that was started a moment ago
  callRetryMs: 200,
  callRetryMsMax: 2 * SECOND_MS,
  quotaRetryMs: SECOND_MS,
  keepaliveMs: 60 * SECOND_MS,
  keepaliveAckMs: 10 * SECOND_MS,
  tlsHandshakeMs: 10 * SECOND_MS,
  peerConnectionsMax: 4096,
  connectionsPerMemberMax: 32, // and of all strangers together
  reconnectBackoffMs: [250, 1000, 4000, 15_000, 60_000],
  channelBackoffMsMax: 5 * SECOND_MS,
  pinsCachedMax: 16_384,
  errorTextCharsMax: 1000,
  errorDetailsMax: 8,
  tokenCharsMax: 256,
  tokenJudgedMs: SECOND_MS, // a stream goes on for so long before its token is judged again
  cursorCharsMax: 512,
  staffIdCharsMax: 64,

  // Lists
  pageItemsDefault: 50,
  pageItemsMax: 200,

  // Trust
  statementLifeSecondsMax: DAY_SECONDS,
  statementBytesMax: 64 * KIB,
  chainDepthMax: 5,
  anchorKeysMax: 4, // while one key replaces another
  keysCachedMax: 40_000,
  fetchBudgetMax: 16, // requests under way at once
  fetchDeadlineMs: 10 * SECOND_MS,
  fetchTimeoutsMax: 16, // in a row; then the rest of a pass is left out
  federationKeysMax: 8,
  authorityHintsMax: 16,
  namesPerConstraintMax: 64,
  tlsCertificatesMax: 4,
  messageKeysMax: 16,
  keyAttestationBytesMax: KIB,
  encryptionKeysMax: 4,
  resolveBytesMax: 384 * KIB, // a chain of the longest statements, in one answer
  memberIdsBytesMax: 4 * KIB * KIB,
  statementCacheBytesMax: 256 * KIB * KIB,
  refreshBackoffMs: [5, 15, 60, 180].map((s) => s * SECOND_MS),
  entityConfigurationMs: 60 * 60 * SECOND_MS, // a node signs a new one then
  httpsConnectionsMax: 1024,
  httpsHeaderBytesMax: 8 * KIB,
  httpsIdleMs: 30 * SECOND_MS,
  registryCertificateDays: 730,
  commandLockMs: 10 * SECOND_MS,
  memberRefreshMs: 3 * 60 * SECOND_MS,
  membersMax: 10_000,
  encryptionKeyLifeSecondsMax: 30 * DAY_SECONDS,
  encryptionKeyOverlapSeconds: 7 * DAY_SECONDS,
  accessReportMs: DAY_SECONDS * SECOND_MS, // so long openings gather before the partner hears
  accessPageMax: 256,
  accessFaultsMax: 100,
  accessHeadBytesMax: KIB,
  deadlinePollMs: 5 * SECOND_MS,
  deadlineBatchMax: 64,
  deadlineRetryMs: 60 * SECOND_MS,
  keyUpkeepMs: 60 * 60 * SECOND_MS,
  tlsCertificateLifeMs: 730 * DAY_SECONDS * SECOND_MS,

  // Keys
  nodeKeyFileBytesMax: 128,
  keyringBytesMax: KIB * KIB,
  keyFileBatchMax: 256,
  keyFileIdBytesMax: 128,
  keyFileBytesMax: 256 * KIB * KIB,

  // Sections of the plan
  labelCharsMax: 160,
  textCharsMax: 2000,
  noteCharsMax: 16_000,
  listItemsMax: 40,
  accessOpeningsMax: 1000,

  // Consent records
  consentQuestionsMax: 120,
  consentRecordBytesMax: 384 * KIB,
  consentFormBytesMax: 128 * KIB,
  // From the answer; the last two from the arrival, if it comes later.
  consentDaysMax: { contact: 30, assessment: 30, package: 30, 'follow-up': 92 },
  consentRenewedDaysMax: 92, // after the arrival: the longest time between two milestones
  consentArrivalDaysMax: 180,
  consentRecordsMax: 1000, // of a case, that are shown

  // Paper
  receiptAgreementsMax: 8,
  receiptEndsMax: 16,
  personCopyBytesMax: 2 * KIB * KIB,
  receiptTextCharsMax: 2048, // what a QR code of 117 modules holds

  // Doors
  callsPerPeerPerSecondMax: 2000,
  configFileBytesMax: 64 * KIB,
  judgedSealsMax: 16_384,
  caseFileBytesMax: 1024 * KIB,
  documentFaultsMax: 200,
  documentNestingMax: 32,
  documentTokensMax: 100_000,
  staffMax: 1000,
  heapGrowingPercent: 200, // of what is kept, before the next full collection
  drainMs: 30 * SECOND_MS,
  receiptWaitMs: 3 * SECOND_MS,
  receiptPollMsMax: 500,
} as const;
