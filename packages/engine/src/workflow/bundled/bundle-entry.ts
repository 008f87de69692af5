import { toFailure } from '../errors.ts'
import { createMachine } from '../machine.ts'
import { type Activation, type Json, type Manifest, PROTOCOL, type Reaction } from '../protocol.ts'
import { type Issue, validate } from '../standard-schema.ts'
import { describeWorkflow } from '../workflow.ts'
import { isWorkflow, type WorkflowDefinition } from '../workflow-definition.ts'
import { bundledCarrier } from './async-context.ts'
import { drainJobs } from './bundle-promise.ts'

/** The interface between a bundle and its host. Strings in, strings out: no object crosses. */
export interface BundleFace {
  describe(): string
  /** JSON of `Activation[]` in, JSON of `Reaction[]` out. */
  activate(batch: string): string
  /**
   * Takes JSON of `[workflow, input][]`. Returns for each pair the issues that the workflow's own input validator finds, or null if there
   * is no such workflow.
   */
  validateInputs(batch: string): string
  /** The run that was activated last, for the report about an endless loop. */
  currentRun(): string
}

/** The last line of a bundle calls this with the namespaces of its workflow modules. */
export function installBundle(modules: readonly object[]): void {
  const workflows = collectWorkflows(modules)
  const machine = createMachine(workflows, bundledCarrier)
  let turn = ''

  const react = (activation: Activation): Reaction => {
    turn = activation.run
    machine.apply(activation)
    drainJobs()
    return machine.collect(activation)
  }
  const face: BundleFace = {
    describe: () => JSON.stringify({ protocol: PROTOCOL, workflows: [...workflows.values()].map(describeWorkflow) } satisfies Manifest),
    activate: (batch) => JSON.stringify((JSON.parse(batch) as Activation[]).map(react)),
    validateInputs: (batch) =>
      JSON.stringify((JSON.parse(batch) as [string, Json][]).map(([name, input]) => checkInput(workflows.get(name), input))),
    currentRun: () => turn,
  }
  Object.defineProperty(globalThis, '__orrery', { value: Object.freeze(face) })
  for (const module of modules) for (const value of Object.values(module)) freezePlain(value)
}

function checkInput(workflow: WorkflowDefinition | undefined, input: Json): readonly Issue[] | null {
  if (workflow === undefined) return null
  if (workflow.input === undefined) return []
  let issues: readonly Issue[] = []
  Promise.resolve(validate(workflow.input, input)).then(
    (checked) => {
      issues = checked.ok ? [] : checked.issues
    },
    (error) => {
      issues = [{ path: '', message: toFailure(error).message }]
    },
  )
  drainJobs()
  return issues
}

function collectWorkflows(modules: readonly object[]): Map<string, WorkflowDefinition> {
  const found = new Map<string, WorkflowDefinition>()
  for (const value of modules.flatMap((module) => Object.values(module))) {
    if (!isWorkflow(value)) continue
    const known = found.get(value.name)
    if (known !== undefined && known !== value) throw new TypeError(`two workflows are named ${value.name}`)
    found.set(value.name, value)
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** All runs share the plain data that a module exports. A write would make runs depend on each other, so it throws. */
function freezePlain(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) return
  if (isWorkflow(value)) return
  Object.freeze(value)
  Object.values(value).forEach(freezePlain)
}
