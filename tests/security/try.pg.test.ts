import { afterAll, expect, test } from 'vitest'
import { findOperation } from '@orrery/contract'
import { type Installation, startInstallation } from './installation.ts'
import { send } from './faces.ts'
import pg from 'pg'
let one: Installation
afterAll(() => one?.close())
test('try', async () => {
  const t = performance.now()
  one = await startInstallation()
  console.log('started in', performance.now() - t)
  console.log(one.ours)
  for (const [f, n, i] of [['rest','runs.get',{runId: one.ours.runs.waiting}],['trpc','runs.list',{}],['mcp','runs.get',{runId: one.ours.runs.waiting}],['mcp','runs.get',{runId: one.theirs.runs.waiting}],['mcp','runs.get',{runId: 7}]] as const) {
    const a = await send(f, findOperation(n)!, i, { url: one.url, key: one.ours.key })
    console.log(a.status, a.problem, JSON.stringify(a.output)?.slice(0, 300), a.text.slice(0,100), a.tookMs)
  }
  console.log(JSON.stringify((await send('rest', findOperation('limits.list')!, {}, { url: one.url, key: one.ours.key })).output))
  const c = new pg.Client({ connectionString: one.databaseUrl }); await c.connect()
  const { rows } = await c.query(`select c.oid::regclass::text t, c.relkind from pg_class c join pg_attribute a on a.attrelid=c.oid and a.attname='org_id' where c.relnamespace in ('engine'::regnamespace,'app'::regnamespace) and relkind in ('r','p','v') order by 1`)
  for (const r of rows) { const n = await c.query(`select count(*) n from ${r.t} where org_id=$1`, [one.ours.uuid]); console.log(r.t, r.relkind, n.rows[0].n) }
  await c.end()
}, 60000)
