/** The server, for programs that run it themselves: the command line and tests. Most people run `orrery-server`. */
export { type Running, startServer } from './compose.ts'
export { BadSetting, type Config, readConfig } from './config.ts'
export { main } from './main.ts'
export { createLogger, type Logger, type LoggerOptions } from './observe/logger.ts'
