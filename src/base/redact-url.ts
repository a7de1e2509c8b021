/**
 * A URL, or what was meant to be one, with `mask` where a password is; upstream's configuration says `xxxxx`, Go's client `***`.
 * In what is no URL, a password may hold anything.
 */
export function redactUrl(text: string, mask: 'xxxxx' | '***' = 'xxxxx'): string {
  const password = URL.parse(text)?.host ? /^([^/?#]*\/\/)?([^/?#@:]*):[^/?#]*@/ : /^([^/?#]*\/\/)?([^/?#@:]*):.*@/s
  return text.replace(password, (_, scheme = '', username = '') => `${scheme}${username}:${mask}@`)
}
