import { z } from 'zod'
import { deviceId, orgId } from '../ids.ts'
import { device, orgOfPerson, profile, profileChanges } from '../nouns/profile.ts'
import { defineOperation } from '../operation.ts'

export const getProfile = defineOperation({
  name: 'profile.get',
  summary: 'Show your own profile',
  input: z.strictObject({}),
  output: profile,
  problems: ['login_required'],
  permission: 'any',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/profile' },
  cli: { verb: 'profile get' },
})

export const updateProfile = defineOperation({
  name: 'profile.update',
  summary: 'Change your own profile',
  description: 'A new name is your name in all your organizations.',
  input: z.strictObject({
    name: profileChanges.name.optional(),
    locale: profileChanges.locale.optional(),
    zone: profileChanges.zone.optional(),
    notifyEmail: profileChanges.notifyEmail.optional(),
  }),
  output: profile,
  problems: ['login_required'],
  choices: [{ of: ['name', 'locale', 'zone', 'notifyEmail'], given: 'at least one' }],
  permission: 'any',
  effect: 'write',
  idempotent: true,
  audit: 'profile.updated',
  http: { method: 'PATCH', path: '/profile' },
  cli: { verb: 'profile update' },
})

export const listOrgsOfPerson = defineOperation({
  name: 'profile.orgs',
  summary: 'List the organizations that you are a member of',
  description: 'In the order in which you joined. Each is another member, with a role of its own.',
  input: z.strictObject({}),
  output: z.object({ items: z.array(orgOfPerson) }),
  problems: ['login_required'],
  permission: 'any',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/profile/orgs' },
  cli: { verb: 'profile orgs' },
  rows: 'items',
})

export const switchOrg = defineOperation({
  name: 'profile.switchOrg',
  summary: 'Act in another of your organizations from now on',
  description: 'For this login. A request that names an organization in the header `Orrery-Org` acts in that one all the same.',
  input: z.strictObject({ orgId }),
  output: orgOfPerson,
  problems: ['login_required', 'org.not_found'],
  permission: 'any',
  effect: 'write',
  idempotent: true,
  audit: 'profile.org_switched',
  http: { method: 'POST', path: '/profile/orgs/{orgId}/switch' },
  cli: { verb: 'profile switch-org', positionals: ['orgId'] },
})

export const listDevices = defineOperation({
  name: 'devices.list',
  summary: 'List the devices on which you are logged in',
  description: 'Newest first, at most 200.',
  input: z.strictObject({}),
  output: z.object({ items: z.array(device) }),
  problems: ['login_required'],
  permission: 'any',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/devices' },
  cli: { verb: 'devices list' },
  rows: 'items',
})

export const endDevice = defineOperation({
  name: 'devices.end',
  summary: 'Log out on one device',
  description: 'The login ends within five seconds in every process, with the streams that it has open.',
  input: z.strictObject({ deviceId }),
  output: device,
  problems: ['login_required', 'device.not_found'],
  permission: 'any',
  effect: 'write',
  idempotent: true,
  audit: 'device.ended',
  http: { method: 'DELETE', path: '/devices/{deviceId}' },
  cli: { verb: 'devices end', positionals: ['deviceId'] },
})

export const endAllDevices = defineOperation({
  name: 'devices.endAll',
  summary: 'Log out on all other devices',
  description: 'All logins but that of this request end within five seconds in every process, with the streams that they have open.',
  input: z.strictObject({}),
  output: z.object({ ended: z.number().int().meta({ description: 'How many logins ended.' }) }),
  problems: ['login_required'],
  permission: 'any',
  effect: 'write',
  idempotent: true,
  audit: 'device.all_ended',
  http: { method: 'POST', path: '/devices/end-all' },
  cli: { verb: 'devices end-all' },
})
