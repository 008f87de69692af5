// Written by tools/generate.ts. Do not edit.
// biome-ignore-all assist/source/organizeImports: the order is the generator’s.

import { callToolByHand } from './calls/call-tool-by-hand.ts'
import { listToolCalls } from './calls/list-tool-calls.ts'
import { deleteTool } from './catalogue/delete-tool.ts'
import { discoverTools } from './catalogue/discover-tools.ts'
import { getTool } from './catalogue/get-tool.ts'
import { importTools } from './catalogue/import-tools.ts'
import { listTools } from './catalogue/list-tools.ts'
import { putTool } from './catalogue/put-tool.ts'
import { reviewTool } from './catalogue/review-tool.ts'
import { createConnection } from './connections/create-connection.ts'
import { deleteConnection } from './connections/delete-connection.ts'
import { getConnection } from './connections/get-connection.ts'
import { listConnections } from './connections/list-connections.ts'
import { updateConnection } from './connections/update-connection.ts'
import type { Implementations } from '@orrery/kernel'

export const implementations = {
  'connections.create': createConnection,
  'connections.delete': deleteConnection,
  'connections.get': getConnection,
  'connections.list': listConnections,
  'connections.update': updateConnection,
  'tools.call': callToolByHand,
  'tools.calls': listToolCalls,
  'tools.delete': deleteTool,
  'tools.discover': discoverTools,
  'tools.get': getTool,
  'tools.import': importTools,
  'tools.list': listTools,
  'tools.put': putTool,
  'tools.review': reviewTool,
} satisfies Partial<Implementations>
