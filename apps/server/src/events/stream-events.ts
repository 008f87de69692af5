import type { ServerContext } from '../http/request-info.ts'
export type EventFace = (context: ServerContext) => Promise<Response>
