import { problem } from '@orrery/contract'
import { findBuiltIn } from '../builtins/built-ins.ts'

/** Built-in tools have the same names in every organization, so these names are reserved. @throws tool.name_reserved */
export function requireNotBuiltIn(name: string): void {
  if (findBuiltIn(name) !== null) throw problem('tool.name_reserved', `${name} is a built-in tool.`)
}
