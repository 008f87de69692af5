import { inspect } from 'node:util'
import { type BuiltBundle, runOwned } from '@orrery/engine'
import { BuildError, findEntries, type LoadedProject, loadProject } from '@orrery/engine/bundle'
import type { TellNews } from './project-news.ts'
import type { SwappableSteps } from './swappable-steps.ts'
import { watchFolder } from './watch-folder.ts'

export interface ProjectOptions {
  readonly folder: string
  readonly watch: boolean
  readonly steps: SwappableSteps
  /** Deploys the bundle, so that new runs use it. */
  readonly deploy: (bundle: BuiltBundle) => Promise<void>
  readonly tell: TellNews
  /** Gets errors that nothing in the project's modules caught, outside of its steps. */
  readonly onStray: (error: unknown) => void
}

export interface RunningProject {
  stop(): void
}

/**
 * Builds and deploys a project, and again after each change if `watch` is set. A failed build is told, and the previous
 * version stays deployed. Without `watch`, a project that does not build is an error.
 */
export async function runProject(options: ProjectOptions): Promise<RunningProject> {
  let current: LoadedProject | null = null
  let isBroken = false

  const update = async (): Promise<void> => {
    // A project may have only pipelines. The watcher notices its first workflow.
    if (options.watch && current === null && (await findEntries(options.folder)).length === 0) {
      options.tell({ type: 'empty', folder: options.folder })
      return
    }
    const next = await runOwned({ log: null, onStray: options.onStray }, () => loadProject(options.folder))
    const known = current
    // Nothing that is part of it has changed: only a file that it does not import.
    if (known !== null && known.bundle.hash === next.bundle.hash && known.bundle.map === next.bundle.map && known.steps === next.steps) {
      if (isBroken) options.tell({ type: 'deployed', workflows: names(next), version: next.bundle.hash, change: 'builds again, unchanged' })
      return
    }
    // Swap the step bodies before new workflows can call them.
    options.steps.swap(next.steps)
    // The same code with another map: lines of its files have moved.
    if (known?.bundle.hash !== next.bundle.hash || known.bundle.map !== next.bundle.map) await options.deploy(next.bundle)
    current = next
    options.tell({ type: 'deployed', workflows: names(next), version: next.bundle.hash, change: describeChange(known, next) })
  }
  const updateOrTell = async (): Promise<void> => {
    try {
      await update()
      isBroken = false
    } catch (error) {
      isBroken = true
      const isKept = current !== null
      const message = error instanceof BuildError ? error.message : inspect(error)
      options.tell({ type: 'broken', message, isKept })
    }
  }

  if (!options.watch) {
    await update()
    return { stop: () => undefined }
  }
  const watching = watchFolder(options.folder, updateOrTell)
  if (!watching.isComplete) options.tell({ type: 'unwatched' })
  await updateOrTell()
  return watching
}

function describeChange(known: LoadedProject | null, next: LoadedProject): string | null {
  if (known === null) return null
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
