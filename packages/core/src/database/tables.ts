/** Rows as Kysely knows them. Schema `app` is ours; of `engine` only what lists read. */
import type { PipelineDefinition } from '@orrery/contract'
import type { ColumnType, Generated } from 'kysely'
import type { ShownSettings } from '../connections/connection-row.ts'
import type { ToolCallRow, ToolRow } from '../tools/tool-row.ts'

type Bigint = ColumnType<string, string | number, never>

export interface Tables {
  'app.org': { org_id: string; name: string; created_at: Date }
  'app.api_key': {
    org_id: string
    key_id: string
    name: string
    prefix: string
    hash: Buffer
    scopes: string[]
    created_at: Date
    expires_at: Date | null
    last_used_at: Date | null
    revoked_at: Date | null
  }
  'app.idempotency_key': { org_id: string; key: string; fingerprint: Buffer; answer: ColumnType<unknown, string, never>; at: Date }
  'app.idempotency_claim': { org_id: string; key: string; fingerprint: Buffer; at: Date }
  'app.connection': ConnectionTable
  'app.login': LoginTable
  'app.pipeline': PipelineTable
  'app.pipeline_version': PipelineVersionTable
  'app.tool': ToolTable
  'app.tool_version': {
    org_id: string
    name: string
    version: number
    definition: ColumnType<ToolRow['definition'], string, never>
    created_at: Date
  }
  'app.tool_call': ToolCallTable
  'app.audit_entry': AuditEntryTable
  'app.audit_seal': { org_id: string; seq: Bigint; entry_id: string; previous: Buffer; hash: Buffer }
  'app.audit_checkpoint': { org_id: string; seq: Bigint; hash: Buffer; at: Date; key_id: string; signature: Buffer }
  'engine.run_view': RunView
  'engine.live': { org_id: string; run_id: string }
  'engine.result': { org_id: string; run_id: string; status: number }
}

export interface ConnectionTable {
  org_id: string
  connection_id: string
  name: string
  settings: ColumnType<ShownSettings, string, string>
  secrets: ColumnType<Readonly<Record<string, string>>, string, string>
  created_at: Date
  updated_at: Date
}

export interface LoginTable {
  org_id: string
  login_id: string
  key_id: string
  generation: number
  contract: string | null
  created_at: Date
  expires_at: Date
  revoked_at: Date | null
}

export interface PipelineTable {
  org_id: string
  name: string
  version: number
  created_at: Date
  updated_at: Date
}

export interface PipelineVersionTable {
  org_id: string
  name: string
  version: number
  definition: ColumnType<PipelineDefinition, string, never>
  saved_at: Date
  saved_by: string
}

type Kept<T> = { -readonly [K in keyof T]: T[K] }

export type ToolTable = Omit<Kept<ToolRow>, 'definition' | 'offer'> & {
  definition: ColumnType<ToolRow['definition'], string, string>
  offer: ColumnType<ToolRow['offer'], string | null, string | null>
}

export type ToolCallTable = Omit<Kept<ToolCallRow>, 'error'> & { error: ColumnType<ToolCallRow['error'], string | null, never> }

export interface AuditEntryTable {
  org_id: string
  id: string
  tx: Generated<string>
  at: Date
  actor_type: string
  actor: string
  action: string
  subject: string
  input_digest: string
  detail: ColumnType<unknown, string | null, never>
  request_id: string
}

/** A run in public words (engine migration 0007). */
export interface RunView {
  org_id: string
  run_id: string
  workflow: string
  bundle: string
  queue: string
  tags: string[]
  created_at: Date
  deadline: Date | null
  parent_run: string | null
  origin_kind: string | null
  origin_run: string | null
  origin_seq: number | null
  priority: string
  status: string
  finished_at: Date | null
  reason: string | null
}
