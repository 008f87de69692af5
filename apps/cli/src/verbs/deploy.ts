import { resolve } from 'node:path'
import type { Command } from 'commander'
import { connect } from '../connection.ts'
import { addCommonFlags, type CommonFlags } from '../derive/derive-verb.ts'
import { EXIT } from '../exit-codes.ts'
import { Exit, type Io, UsageError } from '../io.ts'
import { showWork } from '../output/show-work.ts'
import { formatTable } from '../output/table.ts'
import { shown, shownJson } from '../shown.ts'

interface DeployFlags extends CommonFlags {
  readonly project?: string
}

/** `deploy` deploys the workflows of a project. `deploy check` only checks whether live runs could continue on them. */
export function addDeploy(root: Command, io: Io): void {
  const deploy = root
    .command('deploy')
    .summary('Build the project and deploy it for new runs')
    .description(
      'Builds the workflows of a project and deploys them as the version for new runs. Live runs stay on the version they started with.',
    )
  withFlags(deploy).action(async (flags: DeployFlags) => {
    const bundle = await buildProject(io, flags)
    const deployed = await showWork(io, 'deploying it', async () =>
      (await connect(io, flags)).workflows.deploy(bundle, { signal: io.signal }),
    )
    if (flags.json === true) io.out(shown`${shownJson(deployed, 0)}\n`)
    else io.out(shown`deployed ${deployed.version.slice(0, 12)}: ${deployed.workflows.join(', ')}\n`)
  })
  const check = deploy
    .command('check')
    .summary('Replay every live run against the project, without effects')
    .description(
      'Builds the project and replays the history of every live run of its workflows against it, without effects. ' +
        'Exits with status 5 if a run could not continue.',
    )
    .option('--limit <number>', 'stop after this many runs', Number)
  withFlags(check).action(async (own: DeployFlags & { limit?: number }) => {
    // Flags before the word `check` count, too.
    const flags = { ...deploy.opts<DeployFlags>(), ...own }
    const bundle = await buildProject(io, flags)
    const limit = flags.limit === undefined ? {} : { limit: flags.limit }
    const report = await showWork(io, 'replaying live runs', async () =>
      (await connect(io, flags)).workflows.checkDeploy({ ...bundle, ...limit }, { signal: io.signal }),
    )
    if (flags.json === true) io.out(shown`${shownJson(report)}\n`)
    else {
      const more = report.complete ? '' : '; there are more runs (see --limit)'
      const bad = report.findings.filter((finding) => !finding.ok)
      const rows = bad.map(({ runId, workflow, reason }) => ({ runId, workflow, reason }))
      if (bad.length > 0) io.out(formatTable(rows, { width: io.columns, now: Date.now() }).text)
      io.out(shown`${report.checked} live runs checked, ${report.failed} could not continue${more}\n`)
    }
    if (report.failed > 0) throw new Exit(EXIT.unwell)
  })
}

function withFlags(command: Command): Command {
  return addCommonFlags(command.option('--project <folder>', 'folder of the project (default: this folder)'))
}

async function buildProject(io: Io, flags: DeployFlags) {
  const root = resolve(io.cwd, flags.project ?? '.')
  // Loaded here, because the compiler is slow to load and no other command needs it.
  const { BuildError, buildBundle, findEntries } = await import('@orrery/sdk/build')
  try {
    return await showWork(io, 'building the project', async () => buildBundle({ root, entries: await findEntries(root) }))
  } catch (error) {
    if (error instanceof BuildError) throw new UsageError(`the project does not build\n${error.message}`)
    throw error
  }
}
