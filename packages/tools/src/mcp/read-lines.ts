/** Splits a stream of bytes into lines of UTF-8, without their ends. A line of more than `bytesMax` bytes is an error. */
export function createLineReader(bytesMax: number): (chunk: Buffer) => string[] {
  let pending: Buffer[] = []
  let length = 0
  return (chunk) => {
    const lines: string[] = []
    let from = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      lines.push(
        Buffer.concat([...pending, chunk.subarray(from, end)])
          .toString('utf8')
          .replace(/\r$/, ''),
      )
      pending = []
      length = 0
      from = end + 1
    }
    length += chunk.length - from
    if (length > bytesMax) throw new Error(`The server wrote a line of more than ${bytesMax} bytes`)
    if (from < chunk.length) pending.push(chunk.subarray(from))
    return lines
  }
}
