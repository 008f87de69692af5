import { z } from 'zod'
import { defineOperation } from '../operation.ts'
import { timestamp } from '../scalars.ts'

export const getSystemInfo = defineOperation({
  name: 'system.info',
  summary: 'Show information about the server',
  description: 'Its version and its clock (the database’s).',
  input: z.strictObject({}),
  output: z.object({ name: z.literal('orrery'), version: z.string(), api: z.literal('v1'), now: timestamp }),
  problems: [],
  permission: 'public',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/system' },
  cli: { verb: 'system info' },
})
