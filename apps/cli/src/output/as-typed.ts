import type { Io } from '../io.ts'

/** A hint with its commands as this user typed one: npm and npx do not put `orrery` into the shell's PATH. */
export function asTyped(io: Io, text: string): string {
  return io.env.npm_command === undefined ? text : text.replaceAll(/(^|["`]|see |: )orrery (?=[a-z])/g, '$1npx orrery ')
}
