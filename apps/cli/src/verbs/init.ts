import { spawnSync } from 'node:child_process'
import { relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { writeApp } from '../init/write-app.ts'
import type { Io } from '../io.ts'

interface InitFlags {
  readonly example?: string
  readonly install: boolean
}

export function addInit(root: Command, io: Io): void {
  root
    .command('init <folder>')
    .summary('Make a new project')
    .description('Makes a project with a workflow, a test of it and everything to run it, and installs what it needs with npm.')
    .option('--example <name>', 'begin with an example, such as wildlife-strikes')
    .option('--no-install', 'do not run npm install')
    .action((folder: string, flags: InitFlags) => init(io, folder, flags))
}

function init(io: Io, folder: string, flags: InitFlags): void {
  const target = resolve(io.cwd, folder)
  writeApp({ folder: target, say: (text) => io.err(`${text}\n`), ...(flags.example === undefined ? {} : { example: flags.example }) })
  if (flags.install) installPackages(io, target)
  const steps = [`cd ${relative(io.cwd, target) || '.'}`, ...(flags.install ? [] : ['npm install']), 'npx orrery dev']
  io.out(`\n${target} is ready. Now:\n\n${steps.map((step) => `  ${step}\n`).join('')}\nIts README.md says what else there is.\n`)
}

function installPackages(io: Io, folder: string): void {
  io.err('npm install …\n')
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name) && name !== 'INIT_CWD'))
  const { status, error } = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    // What npm told this process about another package must not reach the npm that serves this one.
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`npm install failed in ${folder}; the project is written, so run it again there`)
}
