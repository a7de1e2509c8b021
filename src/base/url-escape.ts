// How Go writes what URLs may not hold as it is. Source: Go net/url, escape.

/** As a value of a query: a space becomes `+`. */
export function escapeQuery(text: string): string {
  return escapeAll(text).replaceAll('%20', '+')
}

/** Slashes stay. */
export function escapePath(path: string): string {
  return escapeAll(path).replace(/%(2F|24|26|2B|2C|3A|3B|3D|40)/g, (code) => decodeURIComponent(code))
}

/** A host with its port. */
export function escapeHost(authority: string): string {
  return authority.replace(/[^\w\-.~!$&'()*+,;=:[\]<>"]+/gu, (text) => encodeURIComponent(text.toWellFormed()))
}

function escapeAll(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}
