/** Creates the connections, tools and automation on the server: `npm run set-up`. Running it again updates them. */
import { spawnSync } from 'node:child_process'
import { chooseModel } from './parts/choose-model.ts'
import { smtpPort } from './parts/ports.ts'

const { settings, description } = chooseModel(process.env)
console.log(`model: ${description}`)
const known = (JSON.parse(orrery(['connections', 'list', '--json'])) as { items: { id: string; name: string }[] }).items
connect('model', settings)
connect('mail', { type: 'smtp', host: '127.0.0.1', port: smtpPort, secure: false, from: 'Orrery <orrery@company.com>' })
show(['tools', 'put', '-f', 'tools.yaml'])
show(['automations', 'apply', '-f', 'daily-briefing.json'])

/** Passes the settings on standard input, because the process list shows a key on a command line. */
function connect(name: string, value: object): void {
  const id = known.find((connection) => connection.name === name)?.id
  show(['connections', ...(id === undefined ? ['create', name] : ['update', id]), '--settings', '@-'], JSON.stringify(value))
}

/** Runs a command and prints it with its output. */
function show(args: readonly string[], input = ''): void {
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
