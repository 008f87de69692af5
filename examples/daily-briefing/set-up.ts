/** Tells the server what the names in the JSON files mean here. It may be run as often as you like: `npm run set-up`. */
import { spawnSync } from 'node:child_process'
import { chooseModel } from './parts/choose-model.ts'
import { smtpPort } from './parts/ports.ts'

const { settings, says } = chooseModel(process.env)
console.log(`model: ${says}`)
const known = (JSON.parse(orrery(['connections', 'list', '--json'])) as { items: { id: string; name: string }[] }).items
connect('model', settings)
connect('mail', { type: 'smtp', host: '127.0.0.1', port: smtpPort, secure: false, from: 'Orrery <orrery@company.com>' })
tell(['tools', 'put', '-f', 'tools.yaml'])
tell(['automations', 'apply', '-f', 'daily-briefing.json'])

/** Settings go in on standard input: a key on a command line is in every process list. */
function connect(name: string, value: object): void {
  const id = known.find((connection) => connection.name === name)?.id
  tell(['connections', ...(id === undefined ? ['create', name] : ['update', id]), '--settings', '@-'], JSON.stringify(value))
}

function tell(args: readonly string[], input = ''): void {
  console.log(`\n$ orrery ${args.join(' ')}`)
  process.stdout.write(orrery(args, input))
}

function orrery(args: readonly string[], input = ''): string {
  const { status, stdout, error } = spawnSync('orrery', args, {
    input,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (error !== undefined) throw error
  if (status !== 0) process.exit(status ?? 1)
  return stdout
}
