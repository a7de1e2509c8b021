/** As Go writes the names of headers: `x-scope-orgid` is `X-Scope-Orgid`. Source: Go net/textproto, CanonicalMIMEHeaderKey. */
export function canonicalHeader(name: string): string {
  return name.toLowerCase().replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase())
}
