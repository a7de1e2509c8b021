import type { SecureVersion } from 'node:tls'
import {
  type HeaderConfig,
  type HttpClientConfig,
  type OAuth2Config,
  PLAIN_TLS,
  type ProxyConfig,
  type SecretSource,
  type TlsConfig,
} from '../http-client/client-config.ts'
import { type HttpClientSection, JWT_BEARER_GRANT, SIGNATURE_ALGORITHMS, type TLS_VERSIONS } from '../http-client/client-schema.ts'
import { canonicalHeader } from '../http-client/header-name.ts'
import { environmentProxy } from '../http-client/proxy.ts'

type Path = readonly (string | number)[]
type Variables = Readonly<Record<string, string | undefined>>

export interface HttpClientContext {
  /** The complete path of a file of the section; `field` is where it stands. */
  file(field: Path, name: string): string
  /** Of the environment: for `proxy_from_environment`. */
  readonly variables: Variables
}

const VERSIONS: Readonly<Record<(typeof TLS_VERSIONS)[number], SecureVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
}

const NOTHING: SecretSource = { text: '' }

/** How to reach a server, as a section says. */
export function toHttpClientConfig(section: HttpClientSection, { file, variables }: HttpClientContext): HttpClientConfig {
  const secret = (path: Path, name: string | undefined, inline: string | undefined): SecretSource | undefined => {
    if (name) return { file: file(path, name) }
    return inline ? { text: inline } : undefined
  }
  const tls = (path: Path, config: HttpClientSection['tls_config']): TlsConfig | undefined => {
    if (config === undefined) return undefined
    const material = (name: 'ca' | 'cert' | 'key') => secret([...path, 'tls_config', `${name}_file`], config[`${name}_file`], config[name])
    return {
      ...PLAIN_TLS,
      ca: material('ca'),
      cert: material('cert'),
      key: material('key'),
      serverName: config.server_name || undefined,
      insecureSkipVerify: config.insecure_skip_verify ?? false,
      minVersion: config.min_version && VERSIONS[config.min_version],
      maxVersion: config.max_version && VERSIONS[config.max_version],
    }
  }
  const { basic_auth: basic, authorization, oauth2, bearer_token: bearer, bearer_token_file: bearerFile } = section
  const token = secret(['bearer_token_file'], bearerFile, bearer)
  return {
    tls: tls([], section.tls_config),
    basicAuth: basic && {
      username: secret(['basic_auth', 'username_file'], basic.username_file, basic.username) ?? NOTHING,
      password: secret(['basic_auth', 'password_file'], basic.password_file, basic.password) ?? NOTHING,
    },
    authorization: authorization
      ? {
          type: authorization.type?.trim() || 'Bearer',
          credentials: secret(['authorization', 'credentials_file'], authorization.credentials_file, authorization.credentials) ?? NOTHING,
        }
      : token && { type: 'Bearer', credentials: token },
    oauth2: oauth2 && toOAuth2(oauth2, { secret, tls: tls(['oauth2'], oauth2.tls_config), variables }),
    proxy: toProxy(section, variables),
    headers: toHeaders(section.http_headers, secret),
    followRedirects: section.follow_redirects ?? true,
    http2: section.enable_http2 ?? true,
  }
}

type OAuth2Section = NonNullable<HttpClientSection['oauth2']>
type ReadSecret = (path: Path, name: string | undefined, inline: string | undefined) => SecretSource | undefined

interface OAuth2Parts {
  readonly secret: ReadSecret
  readonly tls: TlsConfig | undefined
  readonly variables: Variables
}

function toOAuth2(oauth2: OAuth2Section, { secret, tls, variables }: OAuth2Parts): OAuth2Config {
  const common = {
    clientId: oauth2.client_id!,
    tokenUrl: oauth2.token_url!,
    scopes: oauth2.scopes ?? [],
    endpointParams: oauth2.endpoint_params ?? {},
    tls,
    proxy: toProxy(oauth2, variables),
  }
  if (oauth2.grant_type !== JWT_BEARER_GRANT) {
    const clientSecret = secret(['oauth2', 'client_secret_file'], oauth2.client_secret_file, oauth2.client_secret) ?? NOTHING
    return { ...common, grant: 'client_credentials', clientSecret }
  }
  const key = secret(['oauth2', 'client_certificate_key_file'], oauth2.client_certificate_key_file, oauth2.client_certificate_key)
  return {
    ...common,
    grant: 'jwt_bearer',
    key: key ?? NOTHING,
    keyId: oauth2.client_certificate_key_id || undefined,
    algorithm: SIGNATURE_ALGORITHMS.find((name) => name === oauth2.signature_algorithm) ?? 'RS256',
    issuer: oauth2.iss || common.clientId,
    audience: oauth2.audience || common.tokenUrl,
    claims: oauth2.claims ?? {},
  }
}

type ProxySection = Pick<HttpClientSection, 'proxy_url' | 'no_proxy' | 'proxy_from_environment' | 'proxy_connect_header'>

function toProxy(section: ProxySection, variables: Variables): ProxyConfig | undefined {
  const { proxy_url: url, no_proxy: noProxy, proxy_from_environment: fromEnvironment, proxy_connect_header: headers = {} } = section
  const connectHeaders = Object.entries(headers).flatMap(([name, values]) =>
    values.map((value): [string, string] => [canonicalHeader(name), value]),
  )
  if (url) return { httpProxy: url, httpsProxy: url, noProxy: noProxy || undefined, isCgi: false, connectHeaders }
  return fromEnvironment ? environmentProxy(variables, connectHeaders) : undefined
}

function toHeaders(section: HttpClientSection['http_headers'], secret: ReadSecret): readonly HeaderConfig[] {
  return Object.entries(section ?? {}).map(([name, { values = [], secrets = [], files = [] }]) => ({
    name: canonicalHeader(name),
    values: [
      ...[...values, ...secrets].map((text) => ({ text })),
      ...files.map((file, index) => secret(['http_headers', name, 'files', index], file, undefined) ?? NOTHING),
    ],
    isSecret: secrets.length + files.length > 0,
  }))
}
