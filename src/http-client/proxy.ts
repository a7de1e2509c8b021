import type { ProxyServer, TlsOptions } from '../base/env.ts'
import { redactUrl } from '../base/redact-url.ts'
import { urlCredentials } from '../base/url-credentials.ts'
import type { ProxyConfig } from './client-config.ts'
import { usesProxy } from './no-proxy.ts'

/** A server that is asked: what its URL says of where it is. */
export interface ServerPlace {
  readonly scheme: string
  /** Without brackets. */
  readonly host: string
  readonly port: number
}

/** The proxy that a server is asked through, as it is configured; undefined: it is asked directly. Throws where that is not safe. */
export function proxyUrlFor(config: ProxyConfig, { scheme, host, port }: ServerPlace): string | undefined {
  const url = scheme === 'https' ? config.httpsProxy : config.httpProxy
  if (!url) return undefined
  if (config.isCgi && scheme === 'http')
    throw new Error('refusing to use HTTP_PROXY value in CGI environment; see golang.org/s/cgihttpproxy')
  return config.noProxy === undefined || usesProxy(config.noProxy, host, port) ? url : undefined
}

const DEFAULT_PORTS = { http: 80, https: 443, socks5: 1080 }

/** `tls` is for a proxy that is spoken TLS with. Throws when the text is no proxy; the message holds no password. */
export function parseProxy(text: string, connectHeaders: ProxyConfig['connectHeaders'], tls: TlsOptions | undefined): ProxyServer {
  // Go takes a text without a scheme for the address of an http proxy.
  const url = URL.parse(text.includes('://') ? text : `http://${text}`)
  const scheme = url?.protocol.slice(0, -1).replace(/^socks5h$/, 'socks5')
  if (url === null || url.hostname === '' || !isProxyScheme(scheme))
    throw new Error(`unsupported proxy ${JSON.stringify(redactUrl(text))}, want http, https or socks5, and a host`)
  const credentials = urlCredentials(url)
  return {
    scheme,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? DEFAULT_PORTS[scheme] : Number(url.port),
    connectHeaders,
    ...(credentials === undefined ? {} : { credentials }),
    ...(scheme === 'https' && tls !== undefined ? { tls } : {}),
  }
}

function isProxyScheme(scheme: string | undefined): scheme is ProxyServer['scheme'] {
  return scheme === 'http' || scheme === 'https' || scheme === 'socks5'
}

/** What the environment says; undefined: no proxy. */
export function environmentProxy(
  variables: Readonly<Record<string, string | undefined>>,
  connectHeaders: ProxyConfig['connectHeaders'],
): ProxyConfig | undefined {
  const variable = (name: string) => variables[name] || variables[name.toLowerCase()] || undefined
  const [httpProxy, httpsProxy] = [variable('HTTP_PROXY'), variable('HTTPS_PROXY')]
  if (httpProxy === undefined && httpsProxy === undefined) return undefined
  return { httpProxy, httpsProxy, noProxy: variable('NO_PROXY') ?? '', isCgi: Boolean(variables.REQUEST_METHOD), connectHeaders }
}
