import type { SecureVersion } from 'node:tls'

// How to reach an HTTP server, as configured; http-client.ts does it. Plain data, equal when nothing that matters differs: files stand
// there by their paths, so what they hold may change while it is used.

/** A text, or the file that holds it; surrounding white space of a file is no part of it. */
export type SecretSource = { readonly text: string } | { readonly file: string }

export interface TlsConfig {
  readonly ca: SecretSource | undefined
  readonly cert: SecretSource | undefined
  readonly key: SecretSource | undefined
  readonly serverName: string | undefined
  readonly insecureSkipVerify: boolean
  readonly minVersion: SecureVersion | undefined
  readonly maxVersion: SecureVersion | undefined
}

/** Which requests go through a proxy. Source of the rules: golang.org/x/net/http/httpproxy. */
export interface ProxyConfig {
  /** Of http and https URLs; undefined: none. */
  readonly httpProxy: string | undefined
  readonly httpsProxy: string | undefined
  /** Undefined: all requests do. Otherwise local addresses and those that it lists do not. */
  readonly noProxy: string | undefined
  /** A CGI script's `HTTP_PROXY` is set by whoever asks. */
  readonly isCgi: boolean
  /** Sent with CONNECT. */
  readonly connectHeaders: readonly (readonly [name: string, value: string])[]
}

export interface HeaderConfig {
  readonly name: string
  readonly values: readonly SecretSource[]
  /** Some of its values are secrets. */
  readonly isSecret: boolean
}

interface OAuth2Common {
  readonly clientId: string
  readonly tokenUrl: string
  readonly scopes: readonly string[]
  readonly endpointParams: Readonly<Record<string, string>>
  readonly tls: TlsConfig | undefined
  readonly proxy: ProxyConfig | undefined
}

export interface ClientCredentialsConfig extends OAuth2Common {
  readonly grant: 'client_credentials'
  readonly clientSecret: SecretSource
}

export interface JwtBearerConfig extends OAuth2Common {
  readonly grant: 'jwt_bearer'
  /** An RSA key in PEM form. */
  readonly key: SecretSource
  readonly keyId: string | undefined
  readonly algorithm: 'RS256' | 'RS384' | 'RS512'
  readonly issuer: string
  readonly audience: string
  readonly claims: Readonly<Record<string, unknown>>
}

export type OAuth2Config = ClientCredentialsConfig | JwtBearerConfig

/** At most one of `basicAuth`, `authorization` and `oauth2` is there. */
export interface HttpClientConfig {
  readonly tls: TlsConfig | undefined
  readonly basicAuth: { readonly username: SecretSource; readonly password: SecretSource } | undefined
  /** Sent as `Authorization: TYPE CREDENTIALS`. */
  readonly authorization: { readonly type: string; readonly credentials: SecretSource } | undefined
  readonly oauth2: OAuth2Config | undefined
  readonly proxy: ProxyConfig | undefined
  readonly headers: readonly HeaderConfig[]
  readonly followRedirects: boolean
  readonly http2: boolean
}

export const PLAIN_TLS: TlsConfig = {
  ca: undefined,
  cert: undefined,
  key: undefined,
  serverName: undefined,
  insecureSkipVerify: false,
  minVersion: undefined,
  maxVersion: undefined,
}

export const PLAIN_HTTP_CLIENT: HttpClientConfig = {
  tls: undefined,
  basicAuth: undefined,
  authorization: undefined,
  oauth2: undefined,
  proxy: undefined,
  headers: [],
  followRedirects: true,
  http2: true,
}
