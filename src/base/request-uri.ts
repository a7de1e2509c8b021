import { parseIp } from './ip-address.ts'

// Source: go-openapi/strfmt, IsRequestURI; Go net/url (go1.27), ParseRequestURI: what it takes beyond or short of the standard is as there.

/** Whether a text is a path, or a URL with its scheme; of the host it may be without. What is behind `#` may be anything. */
export function isRequestUri(text: string): boolean {
  const cut = text.indexOf('#')
  const uri = cut < 0 ? text : text.slice(0, cut)
  if (uri === '*') return true
  if (CONTROL.test(uri)) return false
  const scheme = SCHEME.exec(uri)?.[0] ?? ''
  const query = uri.indexOf('?', scheme.length)
  const rest = uri.slice(scheme.length, query < 0 ? undefined : query)
  // Behind a scheme it may be anything.
  if (!rest.startsWith('/')) return scheme !== ''
  if (scheme === '' || !rest.startsWith('//')) return isEscaped(rest)
  const path = rest.indexOf('/', 2)
  if (path >= 0 && !isEscaped(rest.slice(path))) return false
  return isAuthority(path < 0 ? rest.slice(2) : rest.slice(2, path))
}

const CONTROL = /[\x00-\x1f\x7f]/
const SCHEME = /^[a-z][a-z0-9+.-]*:/i
const BAD_ESCAPE = /%(?![0-9a-f]{2})/i
const USER = /^[a-z0-9\-._:~!$&'()*+,;=%@]*$/i
const PORT = /^(?::[0-9]*)?$/
/** Escapes of what is no ASCII are taken, and that of the per cent sign. */
const HOST = /^(?:[a-z0-9\-._~!$&'()*+,;=:[\]<>"\u0080-\uffff]|%25|%[89a-f][0-9a-f])*$/i
const ZONE = /^(?:[a-z0-9\-._~!$&'()*+,;=:[\]<>"\u0080-\uffff]|%[0-9a-f]{2})+$/i
/** Which a zone may not have, though it may have a space. */
const ESCAPED_IN_ZONE = /%(?!25|20)([0-7][0-9a-f])/gi

function isEscaped(text: string): boolean {
  return !BAD_ESCAPE.test(text)
}

function isAuthority(authority: string): boolean {
  const at = authority.lastIndexOf('@')
  const user = authority.slice(0, Math.max(0, at))
  return USER.test(user) && isEscaped(user) && isHost(authority.slice(at + 1))
}

function isHost(host: string): boolean {
  const bracket = host.lastIndexOf('[')
  if (bracket < 0) return HOST.test(host) && PORT.test(host.includes(':') ? host.slice(host.lastIndexOf(':')) : '')
  const end = host.lastIndexOf(']')
  if (bracket > 0 || end < 0 || !PORT.test(host.slice(end + 1))) return false
  const [, address, zone] = /^(.*?)(?:%25(.*))?$/s.exec(host.slice(1, end))!
  if (!address.includes(':') || parseIp(address) === undefined) return false
  return zone === undefined || isZone(zone)
}

function isZone(zone: string): boolean {
  return (
    ZONE.test(zone) && [...zone.matchAll(ESCAPED_IN_ZONE)].every(([, code]) => HOST.test(String.fromCharCode(Number.parseInt(code, 16))))
  )
}
