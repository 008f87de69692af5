import { relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { installPackages, sayWhatIsLeft } from '../init/install-packages.ts'
import { writeApp } from '../init/write-app.ts'
import type { Io } from '../io.ts'
import { showWork } from '../output/show-work.ts'
import { join, shown } from '../shown.ts'

interface InitFlags {
  readonly example?: string
  readonly install: boolean
}

export function addInit(root: Command, io: Io): void {
  root
    .command('init <folder>')
    .summary('Create a new project')
    .description('Creates a project with a workflow and a test of it, and installs its dependencies with npm.')
    .option('--example <name>', 'start from an example, such as wildlife-strikes')
    .option('--no-install', 'do not run npm install')
    .action((folder: string, flags: InitFlags) => init(io, folder, flags))
}

async function init(io: Io, folder: string, flags: InitFlags): Promise<void> {
  const target = resolve(io.cwd, folder)
  const say = (text: string) => io.err(shown`${text}\n`)
  await writeApp({ folder: target, say, signal: io.signal, ...(flags.example === undefined ? {} : { example: flags.example }) })
  if (flags.install) await install(io, target)
  const steps = [`cd ${relative(io.cwd, target) || '.'}`, ...(flags.install ? [] : ['npm install']), 'npx orrery dev']
  io.out(shown`\n${target} is ready. Next:\n\n${join(steps.map((step) => shown`  ${step}\n`))}\nSee its README.md for more.\n`)
}

async function install(io: Io, folder: string): Promise<void> {
  try {
    await showWork(io, 'installing packages with npm', () => installPackages(folder, io.signal))
  } catch (error) {
    if (io.signal.aborted) io.err(shown`${sayWhatIsLeft(folder)}\n`)
    throw error
  }
}
