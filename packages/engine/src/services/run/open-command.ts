import type { Command, Delivery } from '../../workflow/protocol.ts'
import type { ActiveRun, OpenCommand } from './active-run.ts'
import { childId } from './ids.ts'

export type OpenStep = Extract<OpenCommand, { type: 'step' }>
export type OpenChild = Extract<OpenCommand, { type: 'child' }>

/** Registers a command as open. Undefined for the kinds without an outcome. */
export function register(run: ActiveRun, command: Command): OpenCommand | undefined {
  const open = toOpen(run, command)
  if (open) run.open.set(open.cmd, open)
  return open
}

function toOpen(run: ActiveRun, command: Command): OpenCommand | undefined {
  switch (command.type) {
    case 'step':
      return {
        type: 'step',
        cmd: command.cmd,
        name: command.name,
        input: JSON.stringify(command.args),
        command,
        attempt: 1,
        notBefore: 0,
        abort: null,
        timer: null,
      }
    case 'sleep':
      return { type: 'sleep', cmd: command.cmd, name: '', input: null, until: command.until, timer: null }
    case 'signal':
      return { type: 'signal', cmd: command.cmd, name: command.name, input: null, until: command.until, timer: null }
    case 'child':
      return {
        type: 'child',
        cmd: command.cmd,
        name: command.workflow,
        input: JSON.stringify(command.input),
        command,
        child: childId(run.row.run, run.generation.number, command.cmd, run.clockAt),
        begun: 'no',
        timer: null,
      }
    case 'drop':
    case 'patch':
    case 'log':
      return undefined
  }
}

export function abortStep(open: OpenStep, reason: string): void {
  open.abort?.abort(new Error(reason))
}

/** A journal row that is a marker and is not delivered. */
export function marker(kind: 'patch' | 'version' | 'generation', name: string, at: number, output: string | null = null) {
  return { kind, cmd: 0, name, input: null, output, error: null, attempt: 0, startedAt: at } as const
}

/** The first delivery to a workflow. */
export function startDelivery(run: ActiveRun, input: string, patches: readonly string[]): Extract<Delivery, { type: 'start' }> {
  return {
    type: 'start',
    workflow: run.row.workflow,
    input: JSON.parse(input),
    seed: run.generation.number === 0 ? run.row.seed : `${run.row.seed}/${run.generation.number}`,
    info: {
      // Not `run.id`: a replay for a query has another one.
      runId: run.bundle.ids.run(run.row.run),
      orgId: run.bundle.ids.org(run.row.org),
      workflow: run.row.workflow,
      version: run.bundle.hash,
      parentRunId: run.row.parent ? run.bundle.ids.run(run.row.parent.run) : null,
      scopes: run.row.authority?.scopes ?? [],
    },
    patches,
  }
}
