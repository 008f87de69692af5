import type { ResourceTemplateType } from '@modelcontextprotocol/server'

/** A kind of MCP resource: a URI template, and the operation that reads it; null: the schemas of a tool, which no operation reads. */
export interface ResourceKind {
  readonly template: ResourceTemplateType & { readonly uriTemplate: string }
  readonly operation: string | null
  /** The input of the operation, or null if the URI is not of this kind. */
  match(uri: string): Record<string, string> | null
}

export const RESOURCE_KINDS: readonly ResourceKind[] = [
  kind('run', 'orrery://runs/{runId}', 'runs.get', 'A run with its input, status and output.'),
  kind('run-history', 'orrery://runs/{runId}/history', 'runs.history', 'Every recorded step of a run, in order.'),
  kind('workflow', 'orrery://workflows/{workflow}', 'workflows.get', 'A workflow with the JSON Schema of its input and output.'),
  kind('schemas', 'orrery://schemas/{tool}', null, 'The full JSON Schemas of the arguments and the answer of one of these tools.'),
]

export function runUri(runId: string): string {
  return `orrery://runs/${runId}`
}

function kind(name: string, uriTemplate: string, operation: string | null, description: string): ResourceKind {
  const field = /\{(\w+)\}/.exec(uriTemplate)?.[1] ?? ''
  const pattern = new RegExp(`^${uriTemplate.replace(`{${field}}`, '([^/?#]+)')}$`)
  return {
    template: { name, uriTemplate, description, mimeType: 'application/json' },
    operation,
    match: (uri) => {
      const value = pattern.exec(uri)?.[1]
      return value === undefined ? null : { [field]: safeDecode(value) }
    },
  }
}

/** Leaves a malformed escape as it is: the operation then reports what is wrong with the value. */
function safeDecode(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
