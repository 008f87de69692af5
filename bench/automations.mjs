// node --conditions=orrery-source bench/automations.mjs [--schedules 10000] [--spread 60] [--rate 150] [--chain 2000]
// [--pipelines 5] [--lanes 32]
// Measures one server with all features, over REST: how late runs start when `schedules` schedules become due within `spread` seconds; how
// many automations per second complete (created through the API, due, run, record readable); how many pipelines and steps per second.
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { makePost } from './post.mjs'
import { openServer } from './product-server.ts'
import { freshDatabase, query, startPostgres } from './servers.mjs'
import { until } from './until.mjs'

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '10000' },
    spread: { type: 'string', default: '60' },
    rate: { type: 'string', default: '150' },
    chain: { type: 'string', default: '2000' },
    pipelines: { type: 'string', default: '5' },
    lanes: { type: 'string', default: '32' },
  },
})
const lanes = Number(values.lanes)
const STEP = { id: 'clock', uses: 'time.now', save_as: 'clock' }
const LIMIT_MS = 120_000
/** Long enough that polling costs little compared with the work. */
const POLL_MS = 100

/** Calls `work(i)` for i < count, `lanes` at a time. */
async function inLanes(count, work) {
  let next = 0
  const lane = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

const FIRED = `
  select count(*)::int as fired, count(distinct (f.automation_id, f.nominal_at))::int as distinct_fired,
    (percentile_cont(array[0.5, 0.99, 1]) within group (order by extract(epoch from r.created_at - f.fires_at) * 1000)) as durable,
    (percentile_cont(array[0.5, 0.99, 1]) within group (order by extract(epoch from j.started_at - f.fires_at) * 1000)) as begun
  from app.automation a join app.firing f on f.org_id = a.org_id and f.automation_id = a.automation_id join engine.run r on r.org_id = f.org_id and r.run_id = f.run_id
    left join lateral (select min(started_at) as started_at from engine.journal j where j.org_id = f.org_id and j.run_id = f.run_id) j on true
  where a.name like 'late-%'`

const countEnded = async (url) => (await query(url, 'select count(*)::int as n from engine.result'))[0].n

const round = (list) => list.map((value) => Math.round(value)).join(' / ')

async function measureLateness(url, post) {
  const count = Number(values.schedules)
  const before = await countEnded(url)
  const spreadMs = Number(values.spread) * 1000
  const began = performance.now()
  // No schedule may be due while others are still being created. `rate` is a lower bound for how many are created per second.
  const first = Math.ceil((Date.now() + (count / Number(values.rate)) * 1000 + 10_000) / 1000) * 1000
  await inLanes(count, (i) => {
    const at = new Date(first + Math.floor((i * spreadMs) / count / 1000) * 1000).toISOString()
    return post('/api/v1/automations', { name: `late-${i}`, schedule: at, pipeline: [STEP] })
  })
  const made = (performance.now() - began) / 1000
  console.log(
    `${count} automations created, ${Math.round(count / made)} per second; due within ${values.spread} s from ${new Date(first).toISOString()}`,
  )
  if (Date.now() > first) throw new Error('some schedules were due before all were created: set a lower --rate or fewer --schedules')
  await sleep(first + spreadMs - Date.now())
  const ended = async () => (await countEnded(url)) >= before + count
  await until('the end of all runs', LIMIT_MS, ended, POLL_MS)
  const [row] = await query(url, FIRED)
  console.log(`fired ${row.fired}, distinct ${row.distinct_fired}; lateness in ms, p50 / p99 / max`)
  console.log(`  run durable ${round(row.durable)}; first step started ${round(row.begun)}`)
}

async function measureChain(post, get) {
  const count = Number(values.chain)
  const began = performance.now()
  const ids = []
  await inLanes(count, async (i) => {
    const at = new Date(Date.now() + 1000).toISOString()
    ids.push(JSON.parse(await post('/api/v1/automations', { name: `chain-${i}`, schedule: at, pipeline: [STEP] })).id)
  })
  await inLanes(count, async (i) => {
    await until(
      `the record of ${ids[i]}`,
      LIMIT_MS,
      async () => JSON.parse(await get(`/api/v1/automations/${ids[i]}/firings`)).items[0]?.runStatus === 'succeeded',
      POLL_MS,
    )
  })
  const seconds = (performance.now() - began) / 1000
  console.log(
    `${count} automations from creation to a readable record in ${seconds.toFixed(1)} s: ${Math.round(count / seconds)} per second`,
  )
}

async function measurePipelines(url, post) {
  const steps = Array.from({ length: 5 }, (_, i) => ({ ...STEP, id: `step-${i}`, with: { timezone: '${params.zone}' } }))
  const definition = { params: { zone: 'Europe/Paris' }, pipeline: steps }
  const before = await countEnded(url)
  const began = performance.now()
  let started = 0
  while (performance.now() - began < Number(values.pipelines) * 1000) {
    await inLanes(200, () => post('/api/v1/pipeline-runs', { definition }))
    started += 200
  }
  await until('the end of all pipelines', LIMIT_MS, async () => (await countEnded(url)) >= before + started, POLL_MS)
  const seconds = (performance.now() - began) / 1000
  console.log(
    `${started} pipelines of 5 steps: ${Math.round(started / seconds)} per second, ${Math.round((started * 5) / seconds)} steps per second`,
  )
}

function makeGet(port, key) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 })
  return (path) =>
    new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path, agent, headers: { authorization: `Bearer ${key}` } }
      const request = http.get(options, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk) => {
          text += chunk
        })
        response.on('end', () =>
          response.statusCode === 200 ? resolve(text) : reject(new Error(`${path}: ${response.statusCode} ${text}`)),
        )
      })
      request.on('error', reject)
    })
}

const postgres = await startPostgres()
const url = await freshDatabase(postgres.url, 'bench_automations')
const server = await openServer(url, 500)
const post = makePost(server.offer.port, { authorization: `Bearer ${server.offer.key}` })
try {
  if (Number(values.pipelines) > 0) await measurePipelines(url, post)
  if (Number(values.chain) > 0) await measureChain(post, makeGet(server.offer.port, server.offer.key))
  if (Number(values.schedules) > 0) await measureLateness(url, post)
} finally {
  await server.close()
  await postgres.stop()
}
process.exit(0)
