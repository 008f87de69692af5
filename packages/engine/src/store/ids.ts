/** UUIDs in canonical text form. Run ids are version 7, so they sort by time and determine their partition. */
export type OrgId = string
export type RunId = string
/** One registration of one process. A fenced id never writes again; the process must register again and gets a new id. */
export type WorkerId = string
/** JSON text. */
export type JsonText = string
/** Milliseconds since the epoch on the database's clock. */
export type Millis = number
