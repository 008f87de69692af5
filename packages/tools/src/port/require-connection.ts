import type { ConnectionSettings, ConnectionType } from '@orrery/contract'
import { type ToolContext, ToolError } from './tool-port.ts'

type SettingsOf<T extends ConnectionType> = Extract<ConnectionSettings, { type: T }>

/**
 * The settings of a connection, which must be of one of these types. They hold secrets.
 * @throws ToolError (`ConnectionError`), not retryable: only a person can fix the connection.
 */
export async function requireConnection<T extends ConnectionType>(
  context: ToolContext,
  nameOrId: string,
  types: readonly T[],
): Promise<SettingsOf<T>> {
  const { name, settings } = await context.openConnection(nameOrId)
  const isOne = (one: ConnectionSettings): one is SettingsOf<T> => types.some((type) => type === one.type)
  if (isOne(settings)) return settings
  const message = `The connection ${name} is of type ${settings.type}; this tool needs ${types.join(' or ')}`
  throw new ToolError('ConnectionError', message, { isRetryable: false })
}
