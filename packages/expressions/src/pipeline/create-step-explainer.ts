import type { PipelineDefinition } from '@orrery/contract'
import type { Suggest } from '../expression/suggest.ts'
import { listSteps, type PlacedStep } from './pipeline-steps.ts'

/** Explains why the step at `path` cannot read `steps.<name>`. */
export type ExplainStep = (name: string, path: string) => string

/** Indexes which step saves which name, to explain why a name cannot be read at a step. */
export function createStepExplainer(pipeline: PipelineDefinition, suggest: Suggest): ExplainStep {
  const all = listSteps(pipeline)
  const savers = Map.groupBy(
    all.filter(({ step }) => step.save_as !== undefined),
    ({ step }) => step.save_as ?? '',
  )
  const order = new Map(all.map(({ path }, at) => [path, at]))
  return (name, path) => {
    const known = savers.get(name)
    if (known === undefined) return explainUnknown(name, all, savers.keys(), suggest)
    const here = order.get(path) ?? 0
    // Steps nested in this step come after it in the list, but they are not later steps.
    const saver = known.find((one) => one.path === path) ?? known[0]
    if (saver === undefined) return ''
    if (saver.path === path) return `steps.${name} is the result of this step itself`
    if (runBeside(saver.path, path)) return `steps.${name} is saved by ${saver.step.id}, which runs beside this step`
    return (order.get(saver.path) ?? 0) > here && !saver.path.startsWith(`${path}.`)
      ? `steps.${name} is saved by ${saver.step.id}, which comes later`
      : `steps.${name} is saved by ${saver.step.id}, and visible only inside its own round or on_error`
  }
}

function explainUnknown(name: string, all: readonly PlacedStep[], saved: Iterable<string>, suggest: Suggest): string {
  const names = [...saved]
  const dashed = names.find((one) => one.startsWith(`${name}-`))
  if (dashed !== undefined) return `no step saves ${name}; a name with a dash is written steps."${dashed}"`
  const quiet = all.find(({ step }) => step.id === name)
  if (quiet !== undefined) {
    const { save_as: other } = quiet.step
    return other === undefined
      ? `the step ${name} has no save_as, so its result is not kept`
      : `the step ${name} saves its value as ${other}: steps.${other}`
  }
  return `no step saves ${name}${suggest(name, names)}`
}

/** Whether two steps are in different branches of one `parallel`. */
function runBeside(a: string, b: string): boolean {
  const [left, right] = [a.split('.'), b.split('.')]
  const at = left.findIndex((part, index) => part !== right[index])
  const branch = /^parallel\[\d+\]/
  const [one, other] = [branch.exec(left[at] ?? '')?.[0], branch.exec(right[at] ?? '')?.[0]]
  return one !== undefined && other !== undefined && one !== other
}
