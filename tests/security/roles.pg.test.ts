/**
 * What members may do: every operation of the registry over every face, by a login of each role, in the own organization and in another. A role that an
 * organization has added, and a suspended member, are walked too.
 */
import { encodeId, isScope, listOperations, type Operation, PERMISSION_SETS, ROLES } from '@orrery/contract'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertLogin, makePerson, signLogin } from '../support/log-in.ts'
import { FACES, type FaceName, hasFace } from './faces.ts'
import { callAs, type Installation, type Org, startInstallation } from './installation.ts'
import { sendPatiently } from './send-patiently.ts'
import { smallestInputs } from './smallest-inputs.ts'

const ADDED = ['runs:read', 'tools:call'] as const

let installation: Installation
let theirs: Org
let inputOf: (operation: Operation) => Readonly<Record<string, unknown>>
/** The secret of a login, by role. */
const logins = new Map<string, string>()

beforeAll(async () => {
  installation = await startInstallation()
  theirs = installation.theirs
  inputOf = smallestInputs(theirs)
  await callAs(installation.url, theirs.key)('roles.put', { role: 'added', permissions: [...ADDED] })
  const client = new pg.Client({ connectionString: installation.databaseUrl })
  await client.connect()
  const t = {
    query: async <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
      (await client.query<Row>(text, [...values])).rows,
  }
  for (const role of [...ROLES, 'added', 'suspended']) {
    const { id } = await makePerson(t, `role-${role}`, { [theirs.uuid]: role === 'suspended' ? 'admin' : role })
    if (role === 'suspended') await client.query('update app.member set suspended_at = now() where person_id = $1', [id])
    logins.set(role, signLogin(installation.secretKeys, (await insertLogin(t, id, { method: 'passkey' })).token))
  }
  await client.end()
})
afterAll(() => installation?.close())

const may: Readonly<Record<string, ReadonlySet<string>>> = {
  ...Object.fromEntries(ROLES.map((role) => [role, new Set<string>(PERMISSION_SETS[role])])),
  added: new Set(ADDED),
}
const exposed = listOperations().flatMap((operation) =>
  FACES.filter((face) => hasFace(operation, face)).map((face) => ({ operation, face })),
)

function ask(role: string, face: FaceName, operation: Operation, input: unknown, org?: string) {
  const headers = org === undefined ? {} : { 'orrery-org': org }
  return sendPatiently(face, operation, input, { url: installation.url, key: logins.get(role) ?? '', headers })
}

test.each(Object.keys(may))('the role %s may do what it says, and nothing else, over every face', async (role) => {
  const wrong: string[] = []
  for (const { operation, face } of exposed) {
    if (!isScope(operation.permission)) continue
    const isAllowed = may[role]?.has(operation.permission) === true
    // What is allowed is asked for with a field that does not exist, so that nothing happens. A library reads the arguments of tools before us.
    if (isAllowed && face === 'mcp') continue
    const input = isAllowed ? { ...inputOf(operation), fieldThatDoesNotExist: 1 } : inputOf(operation)
    const { status, problem } = await ask(role, face, operation, input)
    const isRefused = status === 403 && problem?.code === 'forbidden' && problem.permission === operation.permission
    if (isRefused === isAllowed || (isAllowed && [401, 403].includes(status)))
      wrong.push(`${operation.name} over ${face}: ${status} ${problem?.code}`)
  }
  expect(wrong).toEqual([])
})

test.each([
  ['a suspended member', 'suspended', undefined],
  ['an admin in another organization', 'admin', 'ours'],
])('%s may do nothing over any face', async (_, role, where) => {
  const org = where === undefined ? undefined : encodeId('org', installation.ours.uuid)
  const wrong: string[] = []
  for (const { operation, face } of exposed) {
    if (operation.permission === 'public') continue
    const { status, problem } = await ask(role, face, operation, inputOf(operation), org)
    if (status !== 401 || problem?.code !== 'unauthenticated') wrong.push(`${operation.name} over ${face}: ${status} ${problem?.code}`)
  }
  expect(wrong).toEqual([])
})
