// Written by tools/generate.ts. Do not edit.
// biome-ignore-all assist/source/organizeImports: the order is the generator’s.

import { callToolByHand } from './call-tool-by-hand.ts'
import { createConnection } from './connections/create-connection.ts'
import { deleteConnection } from './connections/delete-connection.ts'
import { getConnection } from './connections/get-connection.ts'
import { listConnections } from './connections/list-connections.ts'
import { updateConnection } from './connections/update-connection.ts'
import { deleteTool } from './delete-tool.ts'
import { discoverTools } from './discover-tools.ts'
import { getTool } from './get-tool.ts'
import { importTools } from './import-tools.ts'
import { listToolCalls } from './list-tool-calls.ts'
import { listTools } from './list-tools.ts'
import { putTool } from './put-tool.ts'
import { reviewTool } from './review-tool.ts'
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
