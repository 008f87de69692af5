import type { BuiltBundle } from '@orrery/engine'
import { BuildError, findEntries, type LoadedProject, loadProject } from '@orrery/engine/bundle'
import type { Logger } from '../observe/logger.ts'
import type { SwappableSteps } from './swappable-steps.ts'
import { watchFolder } from './watch-folder.ts'

export interface ProjectOptions {
  readonly folder: string
  readonly watch: boolean
  readonly steps: SwappableSteps
  /** Makes the bundle the version that new runs use. */
  readonly deploy: (bundle: BuiltBundle) => Promise<void>
  readonly log: Logger
}

export interface RunningProject {
  stop(): void
}

/**
 * Builds and deploys a project, and again whenever it changes. A build that fails is told and changes nothing: what was
 * deployed before goes on. Without watching, a project that does not build at the start is an error.
 */
export async function runProject(options: ProjectOptions): Promise<RunningProject> {
  let current: LoadedProject | null = null

  const update = async (): Promise<void> => {
    // Whoever writes pipelines only has none; the first that is written is seen.
    if (options.watch && current === null && (await findEntries(options.folder)).length === 0) {
      options.log.info({ folder: options.folder }, 'the project has no workflows in code')
      return
    }
    const next = await loadProject(options.folder)
    const known = current
    // Bodies of steps are swapped before the new workflows can ask for them.
    options.steps.swap(next.steps)
    if (known?.bundle.hash !== next.bundle.hash) await options.deploy(next.bundle)
    current = next
    options.log.info({ workflows: names(next), version: next.bundle.hash.slice(0, 12) }, describeChange(known, next))
  }
  const updateOrTell = async (): Promise<void> => {
    try {
      await update()
    } catch (error) {
      const kept = current === null ? 'nothing is deployed' : 'the version before goes on'
      if (error instanceof BuildError) options.log.error({ error: { message: error.message } }, `the project does not build; ${kept}`)
      else options.log.error({ error }, `the project could not be deployed; ${kept}`)
    }
  }

  if (!options.watch) {
    await update()
    return { stop: () => undefined }
  }
  const watching = watchFolder(options.folder, updateOrTell)
  await updateOrTell()
  return watching
}

function describeChange(known: LoadedProject | null, next: LoadedProject): string {
  if (known === null) return 'the project is deployed'
  const added = without(names(next), names(known))
  const removed = without(names(known), names(next))
  const steps = [
    ...without(next.steps.names(), known.steps.names()).map((name) => `+${name}`),
    ...without(known.steps.names(), next.steps.names()).map((name) => `-${name}`),
  ]
  const parts = [
    known.bundle.hash === next.bundle.hash ? 'steps changed, workflows did not' : 'workflows changed',
    ...(added.length > 0 ? [`new: ${added.join(', ')}`] : []),
    ...(removed.length > 0 ? [`no longer here: ${removed.join(', ')}`] : []),
    ...(steps.length > 0 ? [`steps: ${steps.join(', ')}`] : []),
  ]
  return parts.join('; ')
}

function names(project: LoadedProject): readonly string[] {
  return project.bundle.manifest.workflows.map((workflow) => workflow.name)
}

function without(all: readonly string[], known: readonly string[]): readonly string[] {
  return all.filter((name) => !known.includes(name))
}
