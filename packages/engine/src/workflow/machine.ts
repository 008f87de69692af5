import { cancelScope, type ScopeCarrier } from './cancel-scope.ts'
import { toFailure } from './errors.ts'
import { toJson } from './json.ts'
import { createMachineRun, logTo, type MachineRun } from './machine-run.ts'
import { makeContext } from './make-context.ts'
import type { Activation, Completion, Json, Reaction } from './protocol.ts'
import { invalid, type Schema, validate } from './standard-schema.ts'
import type { WorkflowDefinition } from './workflow-definition.ts'

/**
 * Drives workflow functions. For each activation: `apply` it, let every microtask run, then `collect` the reaction. A run stays from its
 * `start` to its `evict`, also after its completion, so that it can still answer queries.
 */
export interface WorkflowMachine {
  apply(activation: Activation): void
  collect(activation: Activation): Reaction
}

type Answer = NonNullable<Reaction['answer']>

export function createMachine(workflows: ReadonlyMap<string, WorkflowDefinition>, carrier: ScopeCarrier): WorkflowMachine {
  const runs = new Map<string, MachineRun>()
  const answers = new Map<MachineRun, Answer>()

  const find = (id: string): MachineRun => {
    const run = runs.get(id)
    if (run === undefined) throw new Error(`run ${id} was never started here or was evicted`)
    return run
  }

  const apply = (activation: Activation): void => {
    const { delivery } = activation
    if (delivery.type === 'evict') return void runs.delete(activation.run)
    const run =
      delivery.type === 'start' ? createMachineRun(activation.run, delivery.info, delivery.seed, delivery.patches) : find(activation.run)
    run.at = activation.at
    run.replaying = activation.replaying
    switch (delivery.type) {
      case 'start':
        runs.set(run.id, run)
        carrier.enter(run.root, () => void drive(run, carrier, workflows.get(delivery.workflow), delivery.workflow, delivery.input))
        return
      case 'resolve':
        return takeOpen(run, delivery.cmd)?.resolve(delivery.value)
      case 'reject': {
        const command = takeOpen(run, delivery.cmd)
        return command?.reject(command.toError(delivery.error))
      }
      case 'cancel':
        run.cancelRequest ??= delivery
        return cancelScope(run.root, delivery.reason)
      case 'query':
        answers.set(
          run,
          carrier.enter(run.root, () => answer(run, delivery.id, delivery.name, delivery.args)),
        )
        return
    }
  }

  const collect = (activation: Activation): Reaction => {
    const run = runs.get(activation.run)
    if (run === undefined) return { run: activation.run, commands: [] }
    const completion = complete(run, carrier)
    const commands = run.commands
    run.commands = []
    run.answering = false
    const reply = answers.get(run)
    answers.delete(run)
    return { run: run.id, commands, ...(completion === null ? {} : { completion }), ...(reply === undefined ? {} : { answer: reply }) }
  }

  return { apply, collect }
}

/** A command that was dropped or answered is no longer open. A late answer to it is ignored. */
function takeOpen(run: MachineRun, cmd: number) {
  const command = run.open.get(cmd)
  run.open.delete(cmd)
  return command
}

async function drive(
  run: MachineRun,
  carrier: ScopeCarrier,
  definition: WorkflowDefinition | undefined,
  name: string,
  input: Json,
): Promise<void> {
  try {
    if (definition === undefined) throw new TypeError(`this version has no workflow ${name}`)
    const checked = await check(definition.input, input, 'input')
    const result = await definition.fn(makeContext(run, carrier) as never, checked as never)
    const output = toJson(await check(definition.output, result, 'output'), `output of ${name}`)
    run.outcome ??= { type: 'succeeded', output }
  } catch (error) {
    run.outcome ??= toCompletion(run, error)
  }
}

function check(schema: Schema | undefined, value: unknown, what: string): unknown {
  if (schema === undefined) return value
  const result = validate(schema, value)
  const unwrap = (checked: Awaited<typeof result>): unknown => {
    if (!checked.ok) throw invalid(what, checked.issues)
    return checked.value
  }
  return 'then' in result ? result.then(unwrap) : unwrap(result)
}

/** Only a run that was asked to stop can end as cancelled. An uncaught CancelledError of a scope is a failure. */
function toCompletion(run: MachineRun, error: unknown): Completion {
  const failure = toFailure(error)
  return failure.kind === 'cancelled' && run.cancelRequest !== null
    ? { type: 'cancelled', timedOut: run.cancelRequest.timedOut }
    : { type: 'failed', error: failure }
}

/**
 * The completion, if the run has one now. An unhandled rejection is logged at once but does not fail the run yet, because it may be handled
 * later (`const p = f(); await g(); await p`). It fails the run when the function ends first, or when the run has no open command left.
 */
function complete(run: MachineRun, carrier: ScopeCarrier): Completion | null {
  if (run.reported) return null
  const rejections = carrier.rejections(run)
  for (const reason of rejections) {
    if (run.loggedRejections.has(reason)) continue
    run.loggedRejections.add(reason)
    logTo(run, 'error', `a rejection is not handled: ${toFailure(reason).message}`, null)
  }
  if (run.shields > 0 && run.outcome?.type !== 'continued') return null
  const [lost] = rejections
  let outcome = run.outcome
  if (rejections.size > 0 && (outcome === null ? run.open.size === 0 : outcome.type === 'succeeded')) outcome = toCompletion(run, lost)
  run.reported = outcome !== null
  return outcome
}

function answer(run: MachineRun, id: number, name: string, args: Json): Answer {
  run.answering = true
  try {
    const handler = run.queries.get(name)
    if (handler === undefined)
      throw new TypeError(`this run answers no query ${name}; it knows ${[...run.queries.keys()].join(', ') || 'none'}`)
    const value = handler(args as never)
    if (typeof value === 'object' && value !== null && 'then' in value)
      throw new TypeError(`the handler of query ${name} must not be asynchronous`)
    return { id, ok: true, value: toJson(value, `answer of query ${name}`) }
  } catch (error) {
    return { id, ok: false, error: toFailure(error) }
  }
}
