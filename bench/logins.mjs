// node --conditions=orrery-source bench/logins.mjs [--rate 50] [--seconds 20]
// How long a login by a mailed link takes (opening the link, which makes the login), and a request with the login after it, at a steady rate
// against one server. Each login comes from another network address. Goal: p95 < 100 ms at 50 a second.
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { startServer } from '../apps/server/src/compose.ts'
import { readConfig } from '../apps/server/src/config.ts'
import { createLogger } from '../apps/server/src/observe/logger.ts'
import { startPostgres } from './servers.mjs'

const { values } = parseArgs({ options: { rate: { type: 'string', default: '50' }, seconds: { type: 'string', default: '20' } } })
const rate = Number(values.rate)
const count = rate * Number(values.seconds)

const postgres = await startPostgres()
const data = mkdtempSync(join(tmpdir(), 'orrery-logins-'))
const config = readConfig({ DATABASE_URL: postgres.url, ORRERY_REQUESTS_PER_SECOND: '100000' }, ['--port', '0', '--data', data])
const server = await startServer(config, createLogger({ level: 'warn', format: 'json' }))
const url = new URL(server.setupUrl).origin

const tokens = Array.from({ length: count }, () => randomBytes(24).toString('base64url'))
const client = new pg.Client({ connectionString: postgres.url })
await client.connect()
const addresses = tokens.map((_, at) => `person${at}@example.com`)
await client.query(
  `with made as (insert into auth.person (name, email, email_verified) select 'Person', unnest($2::text[]), true returning id, email)
   insert into app.member (org_id, member_id, person_id, name, email, role, joined_at)
   select $1, gen_random_uuid(), id, 'Person', email, 'viewer', now() from made`,
  [server.org, addresses],
)
await client.query(
  `insert into auth.verification (identifier, value, expires_at)
   select i, json_build_object('email', e)::text, now() + interval '1 hour' from unnest($1::text[], $2::text[]) x(i, e)`,
  [tokens.map((token) => createHash('sha256').update(token).digest('base64url')), addresses],
)
await client.end()

const took = { login: [], request: [] }
const failed = []
async function logIn(at) {
  const from = { 'x-forwarded-for': `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`, 'sec-fetch-site': 'same-origin' }
  const begun = performance.now()
  const answer = await fetch(`${url}/auth/magic-link/verify?token=${tokens[at]}`, { headers: from })
  await answer.text()
  took.login.push(performance.now() - begun)
  const cookie = answer.headers
    .getSetCookie()
    .find((one) => one.startsWith('orrery='))
    ?.split(';')[0]
  const asked = performance.now()
  const who = await fetch(`${url}/api/v1/whoami`, { headers: { ...from, cookie: cookie ?? '' } })
  took.request.push(performance.now() - asked)
  if (!answer.ok || !who.ok) failed.push([answer.status, who.status])
}

await fetch(`${url}/auth/magic-link/verify?token=warm-up`, { redirect: 'manual' })
const start = performance.now()
const work = tokens.map(async (_, at) => {
  await pause(Math.max(0, start + (at * 1000) / rate - performance.now()))
  return logIn(at)
})
await Promise.all(work)

const quantile = (numbers, q) => numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * q))].toFixed(1)
for (const [what, numbers] of Object.entries(took))
  console.log(`${what.padEnd(8)} p50 ${quantile(numbers, 0.5)} ms   p95 ${quantile(numbers, 0.95)} ms   p99 ${quantile(numbers, 0.99)} ms`)
console.log(`${count} logins at ${rate} a second, ${failed.length} failed`)
await server.stop()
await postgres.stop()
rmSync(data, { recursive: true, force: true })
