/** Does the same as `orrery mcp`, as a program for tests. */
import { serveMcpStdio } from '../mcp/stdio.ts'

serveMcpStdio({ url: process.env.ORRERY_URL ?? '', key: process.env.ORRERY_KEY ?? '' })
