import type { BuiltBundle } from '@orrery/engine'
import { BuildError, findEntries, type LoadedProject, loadProject } from '@orrery/engine/bundle'
import type { Logger } from '../observe/logger.ts'
import type { SwappableSteps } from './swappable-steps.ts'
import { watchFolder } from './watch-folder.ts'

export interface ProjectOptions {
  readonly folder: string
  readonly watch: boolean
  readonly steps: SwappableSteps
  /** Deploys the bundle, so that new runs use it. */
  readonly deploy: (bundle: BuiltBundle) => Promise<void>
  readonly log: Logger
}

export interface RunningProject {
  stop(): void
}

/**
 * Builds and deploys a project, and again after each change if `watch` is set. A failed build is logged, and the previous
 * version stays deployed. Without `watch`, a project that does not build is an error.
 */
export async function runProject(options: ProjectOptions): Promise<RunningProject> {
  let current: LoadedProject | null = null

  const update = async (): Promise<void> => {
    // A project may have only pipelines. The watcher notices its first workflow.
    if (options.watch && current === null && (await findEntries(options.folder)).length === 0) {
      options.log.info({ folder: options.folder }, 'the project has no workflows in code')
      return
    }
    const next = await loadProject(options.folder)
    const known = current
    // Swap the step bodies before new workflows can call them.
    options.steps.swap(next.steps)
    if (known?.bundle.hash !== next.bundle.hash) await options.deploy(next.bundle)
    current = next
    options.log.info({ workflows: names(next), version: next.bundle.hash.slice(0, 12) }, describeChange(known, next))
  }
  const updateOrLog = async (): Promise<void> => {
    try {
      await update()
    } catch (error) {
      const kept = current === null ? 'nothing is deployed' : 'the previous version stays deployed'
      if (error instanceof BuildError) options.log.error({ error: { message: error.message } }, `the project does not build; ${kept}`)
      else options.log.error({ error }, `the project could not be deployed; ${kept}`)
    }
  }

  if (!options.watch) {
    await update()
    return { stop: () => undefined }
  }
  const watching = watchFolder(options.folder, updateOrLog)
  await updateOrLog()
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
    ...(removed.length > 0 ? [`removed: ${removed.join(', ')}`] : []),
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
