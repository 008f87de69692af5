import type { KeyObject } from 'node:crypto'
import type { Authenticator } from '../access/authenticate.ts'
import type { TokenKeys } from '../access/token-keys.ts'
import type { Clock, CoreEngine, Log } from './context.ts'
import type { Database } from '../database/database.ts'
import type { OutsidePolicy } from '../outside/outside-policy.ts'
import type { SecretKeys } from '../secrets/secret-keys.ts'
import type { AutomationPort } from '../tools/automation-port.ts'
import type { McpClients } from '../tools/mcp/mcp-clients.ts'

/** What every call needs of the process it runs in. */
export interface Host {
  readonly database: Database
  readonly engine: CoreEngine
  readonly clock: Clock
  readonly log: Log
  readonly authenticator: Authenticator
  /** Null: let through. */
  readonly limitRate: (caller: string) => { readonly retryAfterMs: number } | null
  /** Tells all processes that the event log may have grown; to be called after a commit. */
  readonly announce: () => void
  readonly auditKeys: ReadonlyMap<string, KeyObject>
  readonly secretKeys: SecretKeys
  readonly tokenKeys: TokenKeys
  readonly outside: OutsidePolicy
  readonly mcpClients: McpClients
  readonly automations: AutomationPort
  readonly publicUrl: () => string
  readonly version: string
  /** Parse every answer with its operation's shape; for tests and development. */
  readonly checkOutputs: boolean
}
