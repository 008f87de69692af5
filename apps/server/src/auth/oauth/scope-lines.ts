import type { Permission } from '@orrery/contract'
import { permissionsOfScopes } from '@orrery/kernel'

/** What a client may do, in the words of a person who decides about it. The order is that of the page. */
const LINES: readonly (readonly [string, readonly Permission[]])[] = [
  ['See workflows, runs, workers and queues, and what went through them', ['workflows:read', 'runs:read', 'workers:read', 'queues:read']],
  [
    'See automations, calendars, pipelines, tools and connections (not their secrets)',
    ['automations:read', 'calendars:read', 'pipelines:read', 'tools:read', 'connections:read'],
  ],
  [
    'See who belongs to the organization, its agents and keys (not their secrets), its events and its audit log',
    ['members:read', 'agents:read', 'orgs:read', 'keys:read', 'events:read', 'audit:read'],
  ],
  ['Start, cancel and signal runs', ['runs:write']],
  ['Pause queues and set limits', ['queues:write']],
  ['Create and change automations and calendars', ['automations:write', 'calendars:write']],
  ['Send events', ['events:write']],
  ['Deploy workflows: code of its own', ['workflows:deploy']],
  ['Change pipelines and tools', ['pipelines:write', 'tools:write']],
  ['Call any tool, in your name', ['tools:call']],
  ['Change connections and their secrets', ['connections:write']],
  ['Invite, change and remove members', ['members:write']],
  ['Change and suspend agents', ['agents:write']],
  ['Change what roles allow, and the rules of the organization', ['roles:write']],
  ['Export and erase what is stored about people, and set how long data is kept', ['privacy:write']],
  ['Revoke keys', ['keys:write']],
]

export interface ScopeLine {
  readonly text: string
  /** It changes something. */
  readonly changes: boolean
}

/** The lines for what a client asks, as far as the person's own permissions allow it. */
export function describeScopes(scopes: readonly string[], permissions: readonly Permission[]): readonly ScopeLine[] {
  const asked = permissionsOfScopes(scopes)
  const own: ReadonlySet<Permission> = new Set(permissions)
  return LINES.filter(([, described]) => described.some((one) => asked.has(one) && own.has(one))).map(([text, described]) => ({
    text,
    changes: described.some((one) => !one.endsWith(':read')),
  }))
}

/** Permissions that no line describes: none, which a test checks. */
export function undescribed(scopes: readonly string[]): readonly Permission[] {
  const described = new Set(LINES.flatMap(([, permissions]) => permissions))
  return [...permissionsOfScopes(scopes)].filter((one) => !described.has(one))
}
