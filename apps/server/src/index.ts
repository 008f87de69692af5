/** The server as a library, for the command line and for tests. Most people run `orrery-server` instead. */
export { type Running, startServer } from './compose.ts'
export { BadSetting, type Config, readConfig } from './config.ts'
export { main } from './main.ts'
export { createLogger, type Logger, type LoggerOptions } from './observe/logger.ts'
