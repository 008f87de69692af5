import type { Json } from '@orrery/contract'
import type { OrgId } from '@orrery/engine'

/**
 * Automations, as far as tools may touch them: what the built-ins `orchestrator.*` are made of. A port, because automations start pipelines, and
 * pipelines know the tools. Ids are public; automations are named by id, name or title.
 */
export interface AutomationPort {
  /** Runs an automation now, or at a time (ms since 1970). The same key again changes nothing and gives the same. @throws automation.not_found */
  askForRun(org: OrgId, automation: string, asked: AskedRun): Promise<AskedAnswer>
  /** @throws automation.not_found */
  pause(org: OrgId, automation: string, note: string | null): Promise<AutomationStanding>
  /** @throws automation.not_found */
  resume(org: OrgId, automation: string): Promise<AutomationStanding>
  /** Newest first. */
  list(
    org: OrgId,
    filter: { readonly text?: string; readonly status?: ListedStatus; readonly limit: number },
  ): Promise<readonly ListedAutomation[]>
}

export interface AskedRun {
  readonly requestKey: string
  /** Null: now. */
  readonly atMs: number | null
  readonly params: { readonly [name: string]: Json } | undefined
}

export interface AskedAnswer {
  readonly firingId: string
  readonly automation: string
  readonly firesAtMs: number
  readonly outcome: 'scheduled' | 'buffered' | 'started' | 'existing' | 'skipped' | 'failed'
  readonly reason: string | null
  readonly runId: string | null
}

export interface AutomationStanding {
  readonly automation: string
  readonly status: 'active' | 'paused' | 'ended'
}

export type ListedStatus = 'active' | 'paused' | 'snoozed' | 'ended'

export interface ListedAutomation {
  readonly id: string
  readonly name: string
  readonly title: string
  readonly status: ListedStatus
  readonly nextAt: string | null
}
