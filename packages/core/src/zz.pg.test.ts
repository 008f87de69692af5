import { it } from 'vitest'
import { startTestCore } from './testing/start-test-core.ts'
it('speed', async () => {
  const t = await startTestCore({ rate: { perSecond: 1e6, burst: 1e6 } })
  await t.deploy()
  const t2 = performance.now()
  await Promise.all(Array.from({ length: 3000 }, () => t.answer('runs.start', { workflow: 'greeting', input: { name: 'x' } })))
  console.log('starts/s', 3000/(performance.now()-t2)*1000)
  await new Promise(r => setTimeout(r, 1500))
  for (const [name, input] of [['runs.list', {limit:50}], ['runs.list', {limit:50, status:'failed'}], ['runs.list', {limit:50, status:'running'}], ['audit.list', {}], ['events.list', {}], ['keys.list', {}], ['queues.list', {}]] as const) {
    const ms: number[] = []
    for (let i = 0; i < 60; i++) { const t1 = performance.now(); await t.answer(name, input);  ms.push(performance.now() - t1) }
    ms.sort((a,b)=>a-b); console.log(name, JSON.stringify(input), 'ms p50', ms[30]!.toFixed(1), 'p95', ms[57]!.toFixed(1))
  }
  await t.database.transaction(t.org, 'read only', async ({client}) => {
    for (const q of [`select v.org_id, v.run_id, v.status from engine.run_view v where v.org_id = $1 order by v.run_id desc limit $2`, `select v.org_id, v.run_id, v.status from engine.run_view v join engine.result x on x.org_id=v.org_id and x.run_id=v.run_id and x.status <> 1 where v.org_id = $1 and v.status='failed' order by v.run_id desc limit $2`]) {
    const r = await client.query('explain (analyze, buffers) ' + q, [t.org, 21])
    console.log(r.rows.map(x => x['QUERY PLAN']).filter(x=>!/never executed|Buffers|Result|Filter/.test(x)).join('\n')) }
  })
  await t.close()
}, 60000)
