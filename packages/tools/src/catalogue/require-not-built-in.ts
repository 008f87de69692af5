import { problem } from '@orrery/contract'
import { findBuiltIn } from '../builtins/built-ins.ts'

/** Names of built-in tools mean the same in every organization. @throws tool.name_reserved */
export function checkNotBuiltIn(name: string): void {
  if (findBuiltIn(name) !== null) throw problem('tool.name_reserved', `${name} is a built-in tool.`)
}
