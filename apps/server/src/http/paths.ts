/** The paths of the faces. */
export const API_PREFIX = '/api/v1'
export const OPENAPI_PATH = `${API_PREFIX}/openapi.json`
export const EVENT_STREAM_PATH = '/events/stream'
export const TRPC_PATH = '/trpc'
export const MCP_PATH = '/mcp'
/** The login library's endpoints. */
export const AUTH_PATH = '/auth'
export const DOCS_PATH = '/docs'
export const HOOKS_PATH = '/hooks'
