/** The literal of a `text[]`. Needed where an array travels inside an array, which unnest would flatten. */
export function textArray(items: readonly string[]): string {
  return items.length === 0 ? '{}' : `{${items.map((item) => `"${item.replace(/[\\"]/g, '\\$&')}"`).join(',')}}`
}
