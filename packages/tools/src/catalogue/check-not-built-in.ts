import { problem } from '@orrery/contract'
import { findBuiltIn } from '../builtins/registry.ts'

/** Names of built-in tools mean the same in every organization. @throws tool.name_reserved */
export function refuseReserved(name: string): void {
  if (findBuiltIn(name) !== null) throw problem('tool.name_reserved', `${name} is a built-in tool.`)
}
