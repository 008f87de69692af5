/**
 * Compares a server with its OpenAPI document, with schemathesis (PyPI): `npm run schemathesis [-- --phases coverage --include-operation-id
 * runs.start]`. Further arguments go to `schemathesis run`. Needs Python 3.10; the first run installs schemathesis in node_modules/.cache.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer } from '../../apps/server/src/compose.ts'
import { readConfig } from '../../apps/server/src/config.ts'
import { createLogger } from '../../apps/server/src/observe/logger.ts'

const VERSION = '4.32.5'
/** Flags that a caller may replace. */
const DEFAULTS = [
  ['--phases', 'examples,coverage,fuzzing,stateful'],
  ['--max-examples', '30'],
  ['--seed', '1'],
  // Two threads that parse Python at once end in an error of CPython 3.11 ("AST constructor recursion depth mismatch").
  ['--workers', '1'],
] as const
/** Operations that are not called. */
const EXCLUDED = [
  { operation: 'events.stream', because: 'it never ends' },
  { operation: 'keys.revoke', because: 'it could end the key of the caller' },
] as const

const tools = join(import.meta.dirname, '../../node_modules/.cache', `schemathesis-${VERSION}`)
const program = join(tools, 'bin/schemathesis')
install()

const folder = mkdtempSync(join(tmpdir(), 'orrery-schemathesis-'))
const env = { ORRERY_REQUESTS_PER_SECOND: '1000000', ORRERY_DATA: join(folder, 'data') }
// Without a worker and a scheduler: nothing that a generated definition names is fetched or run.
const config = readConfig(env, ['--port', '0', '--roles', 'api'])
const server = await startServer(config, createLogger({ level: 'warn', format: 'pretty', destination: process.stderr }))
try {
  process.exitCode = await compare(`${server.url}/api/v1/openapi.json`, server.adminKey ?? '')
} finally {
  await server.stop()
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}

function install(): void {
  if (existsSync(program)) return
  for (const [command, ...args] of [
    ['python3', '-m', 'venv', tools],
    [join(tools, 'bin/pip'), 'install', '--quiet', `schemathesis==${VERSION}`],
  ] as const) {
    const { status, error } = spawnSync(command, args, { stdio: 'inherit' })
    if (status === 0) continue
    rmSync(tools, { recursive: true, force: true })
    throw new Error(`schemathesis could not be installed: ${command} ${args.join(' ')}`, { cause: error })
  }
}

function compare(document: string, key: string): Promise<number> {
  const given = process.argv.slice(2)
  const limits = DEFAULTS.filter(([flag]) => !given.includes(flag)).flat()
  const excluded = EXCLUDED.flatMap(({ operation }) => ['--exclude-operation-id', operation])
  const files = ['--config-file', join(import.meta.dirname, 'schemathesis.toml')]
  const args = [...files, 'run', document, '--header', `Authorization: Bearer ${key}`, ...limits, ...excluded, ...given]
  // Its caches and reports go into the folder, which is removed.
  const child = spawn(program, args, {
    cwd: folder,
    stdio: 'inherit',
    env: { ...process.env, SCHEMATHESIS_HOOKS: join(import.meta.dirname, 'checks.py') },
  })
  return new Promise((resolve, reject) => child.once('error', reject).once('exit', (code) => resolve(code ?? 1)))
}
