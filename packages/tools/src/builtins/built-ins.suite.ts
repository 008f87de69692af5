/** Checks that each package runs on the built-in tools that it defines. */
import { isObject, type JsonObject } from '@orrery/contract'
import { describe, expect, it } from 'vitest'
import { findMismatch } from '../../../kernel/src/json-schema/find-mismatch.ts'
import type { BuiltIn } from '../port/tool-port.ts'

/** Checks the faces and the examples of these tools. */
export function describeBuiltIns(builtIns: readonly BuiltIn[]): void {
  describe.each(builtIns)('$name', ({ name, inputSchema, outputSchema = {}, ...tool }) => {
    const examples = tool.examples ?? []

    it('has a name, a description, a time limit and an example', () => {
      expect(name).toMatch(/^[a-z]+\.[a-z_]+$/)
      expect(tool.description.length).toBeGreaterThan(20)
      expect(tool.timeoutMs).toBeGreaterThan(0)
      expect(examples.length).toBeGreaterThan(0)
    })

    it('accepts its examples', () => {
      for (const { with: args, gives } of examples) {
        expect(findMismatch(inputSchema, args)).toBeNull()
        if (gives !== undefined) expect(findMismatch(outputSchema, gives)).toBeNull()
      }
    })

    it('reports an unknown argument and a missing argument by name', () => {
      const [{ with: args } = { with: {} }] = examples
      expect(findMismatch(inputSchema, { ...args, surprise: 1 })).toEqual({ path: '.surprise', message: 'is not allowed here' })
      for (const one of listOf(inputSchema.required)) {
        const { [one]: _, ...others } = args
        expect(findMismatch(inputSchema, others)).toEqual({ path: `.${one}`, message: 'is missing' })
      }
    })

    it('declares an output in which every property is required and no other is allowed', () => {
      expect(outputSchema).toMatchObject({ type: 'object', additionalProperties: false })
      expect(listOf(outputSchema.required).sort()).toEqual(
        Object.keys(isObject(outputSchema.properties) ? outputSchema.properties : {}).sort(),
      )
    })
  })
}

const listOf = (names: JsonObject[string] | undefined): string[] => (Array.isArray(names) ? names.map(String) : [])
