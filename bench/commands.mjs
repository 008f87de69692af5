// node bench/commands.mjs [--against FOLDER] [--rounds 15] [--idle 180]
// The CPU that a command of the CLI uses, its start included, and that of an empty program beside it. `--against` is another checkout,
// such as a worktree of the commit before with its packages installed: both are measured in turns, in one run. `--idle` also measures the
// CPU of an idle `orrery dev` for that many seconds (Linux), as a share of a core: its own, the server's and PostgreSQL's.
// Goals: < 250 ms; < 1 %.
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'

const root = join(import.meta.dirname, '..')
const { values } = parseArgs({
  options: { against: { type: 'string' }, rounds: { type: 'string', default: '15' }, idle: { type: 'string', default: '0' } },
})
const checkouts = [...(values.against === undefined ? [] : [['before', values.against]]), ['now', root]]
const COMMANDS = [
  ['--version'],
  ['--help'],
  ['runs', 'list'],
  ['runs', 'start', 'hello', '--input', '{}'],
  ['complete', '--', 'runs', 'st'],
]
// Clock ticks of 10 ms of children that have ended: the command line of another version may hand over to one.
const CHILDREN = `const children = () => {
  try {
    const [utime, stime] = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ').slice(13, 15).map(Number)
    return (utime + stime) * 10_000
  } catch { return 0 }
}`
const PROBE = `data:text/javascript,${encodeURIComponent(
  `import { readFileSync, writeSync } from 'node:fs'
   ${CHILDREN}
   process.on('exit', () => { const { user, system } = process.cpuUsage(); writeSync(3, String(user + system + children())) })`,
)}`

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]

/** ms of CPU of a Node program. */
function cpuOf(words, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', PROBE, ...words], { env, stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
    let report = ''
    child.stdio[3].on('data', (chunk) => (report += chunk))
    child.once('error', reject)
    child.once('close', () => {
      resolve(Number(report) / 1000)
    })
  })
}

async function measureCommands() {
  const server = createServer((_, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"items":[],"nextCursor":null,"runId":"run_1"}'),
  )
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const env = { PATH: process.env.PATH, HOME: tmpdir(), ORRERY_URL: `http://127.0.0.1:${server.address().port}`, ORRERY_KEY: 'key' }
  const measured = new Map()
  const add = (name, ms) => measured.set(name, [...(measured.get(name) ?? []), ms])
  // The first round may compile, and is not counted.
  for (let round = 0; round <= Number(values.rounds); round++) {
    const isCounted = round > 0
    const empty = await cpuOf(['-e', '0'], env)
    if (isCounted) add('an empty program', empty)
    for (const words of COMMANDS)
      for (const [when, folder] of checkouts) {
        const ms = await cpuOf([join(folder, 'apps/cli/bin/orrery.mjs'), ...words], env)
        if (isCounted) add(`orrery ${words.join(' ')} (${when})`, ms)
      }
  }
  server.close()
  for (const [name, all] of measured) console.log(`${median(all).toFixed(0).padStart(5)} ms  ${name}`)
}

/** Clock ticks, 100 a second, of all processes that work in a folder (PostgreSQL in that of its data); those of PostgreSQL's children that have ended count, too. */
function ticksIn(folder) {
  let sum = 0
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readlinkSync(`/proc/${pid}/cwd`).startsWith(folder)) continue
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').map(Number)
      sum += fields[11] + fields[12] + (words.includes('postgres') ? fields[13] + fields[14] : 0)
    } catch {
      // The process has ended in the meantime.
    }
  }
  return sum
}

async function measureIdle(when, checkout) {
  mkdirSync(join(checkout, 'node_modules/.cache'), { recursive: true })
  const folder = mkdtempSync(join(checkout, 'node_modules/.cache/orrery-idle-'))
  cpSync(join(checkout, 'apps/cli/templates/app/workflows'), join(folder, 'workflows'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const dev = spawn(process.execPath, [join(checkout, 'apps/cli/bin/orrery.mjs'), 'dev', '--port', '0'], { cwd: folder })
  try {
    await new Promise((resolve, reject) => {
      dev.stdout.on('data', (chunk) => String(chunk).includes('server ') && resolve())
      dev.once('exit', () => reject(new Error('orrery dev has ended')))
    })
    await sleep(60_000)
    const begun = performance.now()
    const before = ticksIn(folder)
    await sleep(Number(values.idle) * 1000)
    const share = ((ticksIn(folder) - before) * 1000) / (performance.now() - begun)
    console.log(`${share.toFixed(2).padStart(5)} %   of a core: an idle orrery dev (${when})`)
  } finally {
    dev.removeAllListeners('exit')
    const ended = new Promise((resolve) => dev.once('exit', resolve))
    dev.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
}

await measureCommands()
if (Number(values.idle) > 0) for (const [when, checkout] of checkouts) await measureIdle(when, checkout)
