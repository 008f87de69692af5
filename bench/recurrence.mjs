// node --conditions=orrery-source bench/recurrence.mjs [--ms 150] [--only orrery,croner]
// Measures the next occurrence of 20 rules (old, sparse, impossible), warm and cold, compared with `rrule`, `rrule-temporal` and `croner`.
// Warm: a parsed rule is evaluated at many different times in the next two years. Cold: the rule is parsed and evaluated once. Each cell
// runs in a thread of its own, which is terminated after 5 s, because some peers never return for an impossible rule.
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

const zone = 'America/New_York'
const LIMIT_MS = 5000

const rules = [
  ['daily, new', '20260101T090000', 'FREQ=DAILY'],
  ['weekdays since 2015', '20150105T090000', 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR'],
  ['weekdays since 1970', '19700105T090000', 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR'],
  ['every other week since 1997', '19970902T090000', 'FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;WKST=SU'],
  ['every 20 minutes, 9 to 16, since 1997', '19970902T090000', 'FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40'],
  ['last weekday of the month since 1997', '19970930T170000', 'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1'],
  ['the 31st since 1997', '19970131T090000', 'FREQ=MONTHLY;BYMONTHDAY=31'],
  ['Friday the 13th since 1998', '19980213T090000', 'FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13'],
  ['week 53 (sparse)', '19981228T090000', 'FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO'],
  ['29 February on a Monday (sparse)', '20160229T090000', 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO'],
  ['5,000 times since 2015', '20150101T090000', 'FREQ=DAILY;COUNT=5000'],
  ['hourly since 2000', '20000101T003000', 'FREQ=HOURLY'],
  ['every 7 minutes since 2000', '20000101T000000', 'FREQ=MINUTELY;INTERVAL=7'],
  ['every 3 seconds in May since 2000', '20000501T000000', 'FREQ=SECONDLY;INTERVAL=3;BYMONTH=5'],
  ['30 February, yearly (impossible)', '20200101T090000', 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30'],
  ['30 February, every second (impossible)', '20200101T090000', 'FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30'],
  ['odd minutes from an even one (impossible)', '20200101T090000', 'FREQ=MINUTELY;INTERVAL=2;BYMINUTE=1'],
  ['cron */15 * * * *', undefined, '*/15 * * * *'],
  ['cron 30 2 29 2 * (sparse)', undefined, '30 2 29 2 *'],
  ['cron 0 0 30 2 * (impossible)', undefined, '0 0 30 2 *'],
]

/**
 * Each peer parses a rule and returns a function from an instant to the next occurrence, in milliseconds, or undefined if it
 * does not support the rule.
 */
const peers = {
  async orrery() {
    const { compileSchedule } = await import('@orrery/recurrence')
    return ([, start, text]) => {
      const include = start ? { kind: 'rrule', rrule: `DTSTART;TZID=${zone}:${start}\nRRULE:${text}` } : { kind: 'cron', cron: text }
      const compiled = compileSchedule({ zone, include: [include] }).value
      return (after) => compiled.instants.next(after)
    }
  },
  async rrule() {
    const { default: rrule } = await import('rrule')
    return ([, start, text]) => {
      if (!start) return undefined
      const rule = rrule.rrulestr(`DTSTART;TZID=${zone}:${start}\nRRULE:${text}`)
      return (after) => rule.after(new Date(after))?.getTime()
    }
  },
  async 'rrule-temporal'() {
    const { RRuleTemporal } = await import('rrule-temporal')
    return ([, start, text]) => {
      if (!start) return undefined
      const rule = new RRuleTemporal({ rruleString: `DTSTART;TZID=${zone}:${start}\nRRULE:${text}` })
      return (after) => rule.next(new Date(after))?.epochMilliseconds
    }
  },
  async croner() {
    const { Cron } = await import('croner')
    return ([, start, text]) => {
      if (start) return undefined
      const cron = new Cron(text, { timezone: zone })
      return (after) => cron.nextRun(new Date(after))?.getTime()
    }
  },
}

const from = Date.UTC(2026, 0, 15)
const span = 2 * 365 * 86_400_000
/** A different instant within two years for each index. */
const instantAt = (index) => from + Math.floor(((index * 0.6180339887) % 1) * span)

async function measure({ peer, index, budgetMs }) {
  const open = await peers[peer]()
  const rule = rules[index]
  // Do first what happens once in a process: loading code and the time zone.
  open(rules[0])?.(from)
  open(['', undefined, '0 9 * * *'])?.(from)
  const cold = []
  const warm = []
  let error
  try {
    const ask = open(rule)
    if (!ask) return undefined
    timed(budgetMs, cold, (at) => open(rule)(instantAt(at)))
    timed(budgetMs, warm, (at) => ask(instantAt(at)))
  } catch (thrown) {
    error = thrown.message
  }
  return { firstMs: cold[0], coldMs: median(cold), warmMs: median(warm), worstMs: percentile(warm, 0.99), asked: warm.length, error }
}

/** Runs until the time budget is used up, but at least three times, because one call may take longer than the budget. */
function timed(budgetMs, samples, run) {
  const end = performance.now() + budgetMs
  for (let at = 0; at < 3 || (performance.now() < end && at < 20_000); at++) {
    const started = performance.now()
    run(at)
    samples.push(performance.now() - started)
    if (samples[0] > 1000) return
  }
}

const percentile = (samples, share) => samples.toSorted((a, b) => a - b)[Math.floor((samples.length - 1) * share)]
const median = (samples) => percentile(samples, 0.5)

function inThread(task) {
  return new Promise((resolve) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: task, execArgv: process.execArgv })
    const timer = setTimeout(() => worker.terminate(), LIMIT_MS)
    let result = { error: `no answer in ${LIMIT_MS / 1000} s` }
    worker.once('message', (message) => (result = message))
    worker.once('error', (error) => (result = { error: error.message }))
    worker.once('exit', () => {
      clearTimeout(timer)
      resolve(result)
    })
  })
}

const duration = (ms) =>
  ms === undefined ? '' : ms < 1 ? `${(ms * 1000).toFixed(ms < 0.01 ? 1 : 0)} us` : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`

function cell(result) {
  if (!result) return '–'
  if (result.error) return result.error.length > 40 ? 'fails' : result.error
  return `${duration(result.warmMs)} / ${duration(result.coldMs)}`
}

if (isMainThread) {
  const { values } = parseArgs({ options: { ms: { type: 'string', default: '150' }, only: { type: 'string' } } })
  const names = values.only ? values.only.split(',') : Object.keys(peers)
  console.log(`Median time of the next occurrence, warm / cold (parsed and evaluated once), node ${process.version}\n`)
  console.log(`| rule | ${names.join(' | ')} | orrery: warm p99, first |`)
  console.log(`|---|${names.map(() => '---|').join('')}---|`)
  for (const [index, [name]] of rules.entries()) {
    const results = {}
    for (const peer of names) results[peer] = await inThread({ peer, index, budgetMs: Number(values.ms) })
    const { worstMs, firstMs } = results.orrery ?? {}
    console.log(`| ${name} | ${names.map((peer) => cell(results[peer])).join(' | ')} | ${duration(worstMs)}, ${duration(firstMs)} |`)
  }
} else {
  parentPort.postMessage(await measure(workerData))
}
