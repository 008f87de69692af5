import { encodeId } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo } from '../context/implementation.ts'
import { requireLogin } from '../context/require-login.ts'
import { describeUserAgent } from './describe-user-agent.ts'
import { LOGIN_MS_MAX } from './find-by-login.ts'
import { type DeviceRow, selectDevices } from './login-store.ts'

const DEVICES_MAX = 200

export async function listDevices(ctx: Ctx): Promise<AnswerTo<'devices.list'>> {
  const { id: current, person } = requireLogin(ctx)
  const now = ctx.clock.now()
  const alive = { person, at: new Date(now), since: new Date(now - LOGIN_MS_MAX) }
  const rows = await selectDevices(ctx.kernel.database.people, alive, DEVICES_MAX)
  return { items: rows.map((row) => toDevice(row, current)) }
}

/** The public form of a login. @param current the id of the login of the call */
export function toDevice(row: DeviceRow, current: string) {
  const kind = row.method === 'device' || row.method === 'passkey_device' ? 'cli' : 'browser'
  return {
    id: encodeId('dev', row.id),
    kind,
    userAgent: describeUserAgent(row.user_agent),
    // The login library stores an empty text if it does not know the address.
    address: row.ip_address === '' ? null : row.ip_address,
    createdAt: row.created_at.toISOString(),
    lastUsedAt: row.used_at?.toISOString() ?? null,
    current: row.id === current,
  } as const
}
