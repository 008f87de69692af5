import { setImmediate } from 'node:timers/promises'
import { type ToolDefinition, toolDefinition, toolName } from '@orrery/contract'
import { findBuiltIn } from '../builtins/built-ins.ts'
import { findDefinitionFaults } from './find-definition-faults.ts'

/** A tool that was made of what somebody else said: an operation of a document, a tool of a server. */
export interface ToolCandidate {
  readonly name: string
  readonly definition: ToolDefinition
  /** Why it cannot be stored, whatever there is already. */
  readonly reason: string | null
}

/** Compiling schemas takes milliseconds each: to be awaited one by one and outside of any transaction, so that others get their turn. */
export async function makeCandidate(prefix: string, said: string, definition: ToolDefinition): Promise<ToolCandidate> {
  await setImmediate()
  const name = `${prefix}.${said.replaceAll(/[^A-Za-z0-9_.-]/g, '_')}`
  return { name, definition, reason: findReason(name, definition) }
}

function findReason(name: string, definition: ToolDefinition): string | null {
  if (!toolName.safeParse(name).success) return `${name} is no name that a tool can have`
  if (findBuiltIn(name) !== null) return `${name} is a built-in tool`
  // What somebody else said has to keep to the limits of what people put themselves: it is shown, and put again.
  const issue = toolDefinition.safeParse(definition).error?.issues[0]
  if (issue !== undefined) return `${issue.path.join('.')}: ${issue.message}`
  const [fault] = findDefinitionFaults(name, definition)
  return fault === undefined ? null : `${fault.path.replace(/^definition\./, '')}: ${fault.message}`
}
