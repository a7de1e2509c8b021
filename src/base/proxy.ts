import type { ProxyServer } from './env.ts'

/** What the proxy is told of who asks. */
export function proxyAuthorization({ credentials }: ProxyServer): string | undefined {
  if (credentials === undefined) return undefined
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`
}

/** Whether the proxy is sent the requests themselves, rather than asked for a tunnel. `scheme` is that of the server's URL. */
export function isForwarded(proxy: ProxyServer, scheme: string): boolean {
  return scheme === 'http' && proxy.scheme !== 'socks5'
}
