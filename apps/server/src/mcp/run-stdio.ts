/** The program behind `orrery mcp`: serves MCP on standard input and output, for the server at ORRERY_URL with the key in ORRERY_KEY. */
import { VERSION } from '../version.ts'
import { serveMcpStdio } from './stdio.ts'

const { ORRERY_URL, ORRERY_KEY } = process.env
if (ORRERY_URL === undefined || ORRERY_KEY === undefined) throw new Error('ORRERY_URL and ORRERY_KEY must be set')
serveMcpStdio({ url: ORRERY_URL, key: ORRERY_KEY, version: VERSION, onError: (error) => console.error(error.message) })
