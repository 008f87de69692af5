/**
 * The program behind `orrery mcp`: serves MCP on standard input and output, for the server at ORRERY_URL with the key in ORRERY_KEY. A login acts
 * in the organization ORRERY_ORG.
 */
import { VERSION } from '../version.ts'
import { serveMcpStdio } from './stdio.ts'

const { ORRERY_URL, ORRERY_KEY, ORRERY_ORG } = process.env
if (ORRERY_URL === undefined || ORRERY_KEY === undefined) throw new Error('ORRERY_URL and ORRERY_KEY must be set')
serveMcpStdio({
  url: ORRERY_URL,
  key: ORRERY_KEY,
  org: ORRERY_ORG || null,
  version: VERSION,
  onError: (error) => console.error(error.message),
})
