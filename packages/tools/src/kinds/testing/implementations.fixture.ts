import type { ToolKind } from '@orrery/contract'
import type { Implementation } from '../kind.ts'

/** An implementation of each kind, for the suites that run over all kinds. Every URL is one that the guard refuses. */
export const implementations: { readonly [K in ToolKind]: Implementation<K> } = {
  http: { kind: 'http', method: 'GET', url: 'http://10.0.0.1/items' },
  openapi: { kind: 'openapi', baseUrl: 'http://10.0.0.1', method: 'GET', path: '/items', parameters: [] },
  mcp: { kind: 'mcp', connection: 'local-server', tool: 'echo' },
  builtin: { kind: 'builtin', builtIn: 'http.request', with: { url: 'http://10.0.0.1/items' } },
  workflow: { kind: 'workflow', workflow: 'nightly-import' },
  pipeline: { kind: 'pipeline', definition: { pipeline: [{ id: 'now', uses: 'time.now' }] } as never },
}
