// The casework service, answered: who may, then the act of src/casework, in the
// words of the contract.
import { act } from '#casework/act.ts';
import { type Actor, authenticate, mustMay, type Permission } from '#casework/actor.ts';
import { findCase, importCase, showCase } from '#casework/cases.ts';
import type { CaseworkContext } from '#casework/context.ts';
import { mustHaveNoDemand } from '#casework/demand.ts';
import { openSection } from '#casework/open-section.ts';
import type { StoredCase } from '#casework/ports.ts';
import { checkReady } from '#casework/ready.ts';
import { viewReferral } from '#casework/referrals.ts';
import { releasePackage } from '#casework/release.ts';
import { requestReferral } from '#casework/request.ts';
import { addStaff, removeStaff } from '#casework/staff.ts';
import { exportEvidence } from '#exchange/evidence.ts';
import type { ReferralRow } from '#exchange/ports.ts';
import { DUTIES, type Duty } from '#model/duties.ts';
import { limits } from '#model/limits.ts';
import type { Watchers } from '#tracking/watch.ts';
import type { MemberList } from '#trust/member-list.ts';
import type { CaseworkApi, CaseworkCall, CaseworkResponse } from '#wire/contracts/casework.ts';
import { accessApi } from './access-api.ts';
import { consentApi } from './consent-api.ts';
import { consentRecordsApi } from './consent-records-api.ts';
import { erasureApi } from './erasure-api.ts';
import { mattersApi } from './matters-api.ts';
import { paperApi } from './paper-api.ts';

export type ApiParts = {
  context: CaseworkContext;
  watchers: Watchers;
  members: Pick<MemberList, 'all' | 'chainOf'>;
  status(): Promise<CaseworkResponse<'getNodeStatus'>>;
};

type Call = CaseworkCall<Actor>;

export function caseworkApi(parts: ApiParts): CaseworkApi<Actor> {
  return {
    ...casesApi(parts),
    ...actsApi(parts),
    ...viewsApi(parts),
    ...mattersApi(parts),
    ...staffApi(parts),
    ...paperApi(parts),
    ...erasureApi(parts),
    ...consentApi(parts),
    ...consentRecordsApi(parts),
    ...accessApi(parts),
  };
}

function may(call: Call, permission: Permission): Actor {
  mustMay(call.actor, permission);
  return call.actor;
}

async function secondOf({ context }: ApiParts, call: Call): Promise<Actor | null> {
  return call.secondToken === null ? null : authenticate(context.store, call.secondToken);
}

function casesApi({
  context,
}: ApiParts): Pick<CaseworkApi<Actor>, 'importCase' | 'listCases' | 'getCase'> {
  return {
    async importCase({ caseFile }, call) {
      const actor = may(call, 'casework');
      const { row, created } = await importCase(context, actor, caseFile);
      return { case: await caseSummary(context, row), created };
    },
    async listCases({ limit, cursor }, call) {
      may(call, 'casework');
      const { items, nextCursor } = await context.store.listCases(pageOf(limit), cursor);
      const cases = await Promise.all(items.map((row) => caseSummary(context, row)));
      return { cases, nextCursor };
    },
    async getCase({ localCode, withContent, why }, call) {
      const actor = may(call, 'casework');
      const row = await findCase(context, localCode);
      const content = withContent ? JSON.stringify(await showCase(context, actor, row, why)) : '';
      return {
        case: await caseSummary(context, row),
        caseFile: new TextEncoder().encode(content),
      };
    },
  };
}

function actsApi(
  parts: ApiParts,
): Pick<CaseworkApi<Actor>, 'checkReady' | 'requestReferral' | 'releasePackage' | 'act'> {
  const { context } = parts;
  return {
    async checkReady(request, call) {
      const actor = may(call, 'casework');
      const { isReady, isShort, ...rest } = await checkReady(
        context,
        actor,
        await secondOf(parts, call),
        request,
      );
      return { ready: isReady, short: isShort, ...rest };
    },
    async requestReferral(request, call) {
      const actor = may(call, 'casework');
      const continuesReferralId = request.continuesReferralId || null;
      const asked = { ...request, continuesReferralId };
      const second = await secondOf(parts, call);
      return { outcome: await requestReferral(context, actor, second, asked) };
    },
    async releasePackage(request, call) {
      const actor = may(call, 'casework');
      const second = await secondOf(parts, call);
      return { outcome: await releasePackage(context, actor, second, request) };
    },
    async act(request, call) {
      const actor = may(call, 'casework');
      return { outcome: await act(context, actor, await secondOf(parts, call), request) };
    },
  };
}

function viewsApi(
  parts: ApiParts,
): Pick<
  CaseworkApi<Actor>,
  'listReferrals' | 'getReferral' | 'openSection' | 'exportReferral' | 'listInbox' | 'watch'
> {
  const { context, watchers, members } = parts;
  return {
    async listReferrals({ limit, cursor, since }, call) {
      may(call, 'casework');
      const page = await context.store.listReferrals(pageOf(limit), cursor, since * 1000);
      const pending = await context.store.countPending(page.items.map((row) => row.referralId));
      return {
        referrals: page.items.map((row) => summary(row, pending.get(row.referralId) ?? 0)),
        nextCursor: page.nextCursor,
      };
    },
    async getReferral({ referralId }, call) {
      may(call, 'casework');
      const { row, pending, timeline, ...view } = await viewReferral(context, referralId);
      return {
        ...view,
        timeline: timeline.map((line) => ({ ...line })),
        referral: summary(row, pending),
      };
    },
    async openSection({ referralId, section, why }, call) {
      const actor = may(call, 'casework');
      return openSection(context, actor, await secondOf(parts, call), referralId, section, why);
    },
    async exportReferral({ referralId }, call) {
      may(call, 'casework');
      await mustHaveNoDemand(context, { referralId });
      const chainOf = (organisation: string) => members.chainOf(organisation);
      const evidence = await exportEvidence(context.exchange.context, referralId, chainOf);
      return { evidence: new TextEncoder().encode(JSON.stringify(evidence)) };
    },
    async listInbox({ limit, cursor }, call) {
      may(call, 'casework');
      const { items, nextCursor } = await context.store.listTasks(pageOf(limit), cursor);
      return {
        items: items.map(({ taskId, kind, referralId, createdAtMs }) => ({
          itemId: taskId,
          kind,
          referralId,
          since: secondsOf(createdAtMs),
          next: DUTIES[kind as Duty] ?? '',
        })),
        nextCursor,
      };
    },
    async *watch({ referralId, afterEventId }, call) {
      may(call, 'node');
      const events = watchers.watch({
        referralId: referralId || undefined,
        afterEventId: afterEventId || undefined,
        signal: call.signal,
      });
      for await (const event of events) yield { event };
    },
  };
}

function staffApi({
  context,
  members,
  status,
}: ApiParts): Pick<
  CaseworkApi<Actor>,
  'addStaff' | 'listStaff' | 'removeStaff' | 'listMembers' | 'getNodeStatus'
> {
  return {
    async addStaff({ staffId, role }, call) {
      may(call, 'staff');
      const { row, token } = await addStaff(context.store, context.clock, staffId, role);
      return { staff: { staffId, role, createdAt: secondsOf(row.createdAtMs) }, token };
    },
    async listStaff({ limit, cursor }, call) {
      may(call, 'staff');
      const { items, nextCursor } = await context.store.listStaff(pageOf(limit), cursor);
      const staff = items.map(({ staffId, role, createdAtMs }) => {
        return { staffId, role, createdAt: secondsOf(createdAtMs) };
      });
      return { staff, nextCursor };
    },
    async removeStaff({ staffId }, call) {
      may(call, 'staff');
      await removeStaff(context.store, staffId);
      return {};
    },
    async listMembers({ limit, cursor }, call) {
      may(call, 'node');
      const all = members.all().toSorted((a, b) => (a.organisation < b.organisation ? -1 : 1));
      const rest = all.filter((member) => member.organisation > cursor);
      const page = rest.slice(0, pageOf(limit));
      return {
        members: page.map((member) => ({
          organisation: member.organisation,
          name: member.name,
          countries: member.countries,
          roles: member.roles,
          isStateRun: member.isStateRun,
          validUntil: member.validUntilSeconds,
        })),
        nextCursor: rest.length > page.length ? (page.at(-1)?.organisation ?? '') : '',
      };
    },
    async getNodeStatus(_, call) {
      may(call, 'node');
      return status();
    },
  };
}

async function caseSummary(context: CaseworkContext, row: StoredCase) {
  const referrals = await context.store.referralsOfCase(row.localCode);
  return {
    localCode: row.localCode,
    importedAt: secondsOf(row.importedAtMs),
    referralIds: referrals.map((referral) => referral.referralId),
  };
}

function summary(row: ReferralRow, pending: number) {
  return {
    referralId: row.referralId,
    partner: row.partner,
    side: row.side,
    status: row.status,
    caseCode: row.caseCode,
    localCode: row.localCode ?? '',
    createdAt: secondsOf(row.createdAtMs),
    changedAt: secondsOf(row.changedAtMs),
    pending,
  };
}

function pageOf(limit: number): number {
  return limit === 0 ? limits.pageItemsDefault : limit;
}

function secondsOf(ms: number): number {
  return Math.floor(ms / 1000);
}
