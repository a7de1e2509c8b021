import { CodedError } from '../base/errors.ts'
import { quote } from '../base/go-quote.ts'
import { redactUrl } from '../base/redact-url.ts'
import type { SectionSchema } from '../base/schema.ts'
import { boolean, list, map, once, oneOf, path, type Report, scalar, secret, section, text, url, urlText } from '../base/schema.ts'
import type { Output } from '../base/schema-type.ts'
import { canonicalHeader } from './header-name.ts'

// How to reach an HTTP server: part of scrape jobs, of most discovery mechanisms, of remote endpoints and Alertmanagers.
// Source: prometheus/common config/http_config.go; docs/configuration/configuration.md, http_config.

export const TLS_VERSIONS = ['TLS10', 'TLS11', 'TLS12', 'TLS13'] as const
const tlsVersion = () => oneOf(TLS_VERSIONS, (found) => `unknown TLS version: ${found}, want ${TLS_VERSIONS.join(', ')}`)

export const tlsConfigSchema = section(
  'tls_config',
  {
    ca: text(),
    cert: text(),
    key: secret(),
    ca_file: path(),
    cert_file: path(),
    key_file: path(),
    server_name: text(),
    insecure_skip_verify: boolean(),
    min_version: tlsVersion(),
    max_version: tlsVersion(),
  },
  {
    printed: { insecure_skip_verify: false },
    check(tls, report) {
      for (const name of ['ca', 'cert', 'key'] as const) {
        if (tls[name] && tls[`${name}_file`]) report([`${name}_file`], `at most one of ${name} and ${name}_file must be configured`)
      }
      if ((tls.cert || tls.cert_file) && !(tls.key || tls.key_file))
        report(
          [tls.cert ? 'cert' : 'cert_file'],
          'exactly one of key or key_file must be configured when a client certificate is configured',
        )
      if ((tls.key || tls.key_file) && !(tls.cert || tls.cert_file))
        report([tls.key ? 'key' : 'key_file'], 'exactly one of cert or cert_file must be configured when a client key is configured')
      if (tls.min_version && tls.max_version && TLS_VERSIONS.indexOf(tls.min_version) > TLS_VERSIONS.indexOf(tls.max_version)) {
        report(['max_version'], `tls_config.max_version must be greater than or equal to tls_config.min_version if both are specified`)
      }
    },
  },
)

const proxyFields = once(() => ({
  proxy_url: proxyUrl(),
  no_proxy: text(),
  proxy_from_environment: boolean(),
  proxy_connect_header: map(list(secret())),
}))

/** A URL; empty: none. */
const proxyUrl = once(() => {
  const plain = url()
  return scalar(
    'a URL',
    (value) => {
      if (value.text === '') return ''
      const parsed = plain.read(value)
      if (parsed.success) return parsed.data
      throw new CodedError('bad_data', parsed.problems[0].message)
    },
    (value) => (value === '' ? '' : redactUrl(value)),
  )
})

export const JWT_BEARER_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
export const SIGNATURE_ALGORITHMS = ['RS256', 'RS384', 'RS512'] as const

/** A value of JSON, but no list and no object. */
const claim = once(() =>
  scalar<string | number | boolean>(
    'a text, a number, true or false',
    ({ text, plain }) => {
      if (plain && /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(text)) return Number(text)
      return plain && (text === 'true' || text === 'false') ? text === 'true' : text
    },
    (value) => value,
  ),
)

const oauth2Schema = section(
  'oauth2',
  {
    client_id: text(),
    client_secret: secret(),
    client_secret_file: path(),
    client_certificate_key_id: text(),
    client_certificate_key: secret(),
    client_certificate_key_file: path(),
    grant_type: text(),
    signature_algorithm: text(),
    iss: text(),
    audience: text(),
    claims: map(claim()),
    scopes: list(text()),
    token_url: urlText(),
    endpoint_params: map(text()),
    tls_config: tlsConfigSchema,
    ...proxyFields(),
  },
  { check: checkOAuth2 },
)

interface OAuth2 {
  readonly client_id?: string
  readonly client_secret?: string
  readonly client_secret_file?: string
  readonly client_certificate_key?: string
  readonly client_certificate_key_file?: string
  readonly grant_type?: string
  readonly signature_algorithm?: string
  readonly token_url?: string
}

function checkOAuth2(oauth2: OAuth2 & Proxies, report: Report): void {
  if (!oauth2.client_id) report([], 'oauth2 client_id must be configured')
  if (!oauth2.token_url) report([], 'oauth2 token_url must be configured')
  else if (!URL.canParse(oauth2.token_url))
    report(['token_url'], `found ${quote(redactUrl(oauth2.token_url))}, want a URL such as https://host/token`)
  if (oauth2.grant_type === JWT_BEARER_GRANT) {
    if (oauth2.client_certificate_key && oauth2.client_certificate_key_file)
      report(
        ['client_certificate_key_file'],
        `at most one of oauth2 client_certificate_key & client_certificate_key_file must be configured using grant-type=${JWT_BEARER_GRANT}`,
      )
    if (oauth2.signature_algorithm && !SIGNATURE_ALGORITHMS.some((name) => name === oauth2.signature_algorithm))
      report(['signature_algorithm'], 'valid signature algorithms are RS256, RS384 and RS512')
  } else if (oauth2.client_secret && oauth2.client_secret_file)
    report(['client_secret_file'], 'at most one of oauth2 client_secret & client_secret_file must be configured')
  checkProxy(oauth2, report)
}

interface Proxies {
  readonly proxy_url?: string
  readonly no_proxy?: string
  readonly proxy_from_environment?: boolean
  readonly proxy_connect_header?: Readonly<Record<string, readonly string[]>>
}

/** Source: prometheus/common config/http_config.go, ProxyConfig.Validate. */
function checkProxy(proxy: Proxies, report: Report): void {
  const { proxy_url: url, no_proxy: exceptions, proxy_from_environment: environment, proxy_connect_header: headers } = proxy
  if (Object.keys(headers ?? {}).length > 0 && !environment && !url)
    report(['proxy_connect_header'], 'if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured')
  if (environment && url) report(['proxy_url'], 'if proxy_from_environment is configured, proxy_url must not be configured')
  if (environment && exceptions) report(['no_proxy'], 'if proxy_from_environment is configured, no_proxy must not be configured')
  if (!environment && exceptions && !url) report(['no_proxy'], 'if no_proxy is configured, proxy_url must also be configured')
}

// What the connection follows from, what upstream sets itself, or what has a field of its own. Source: prometheus/common config/headers.go.
const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  'Authorization',
  'Host',
  'Content-Encoding',
  'Content-Length',
  'Content-Type',
  'User-Agent',
  'Connection',
  'Keep-Alive',
  'Proxy-Authenticate',
  'Proxy-Authorization',
  'Www-Authenticate',
  'Accept-Encoding',
  'X-Prometheus-Remote-Write-Version',
  'X-Prometheus-Remote-Read-Version',
  'X-Prometheus-Scrape-Timeout-Seconds',
  'X-Amz-Date',
  'X-Amz-Security-Token',
  'X-Amz-Content-Sha256',
])

function headerNameProblem(name: string): string | undefined {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) return `found ${quote(name)}, want the name of a header`
  const canonical = canonicalHeader(name)
  return RESERVED_HEADERS.has(canonical) ? `setting header ${quote(canonical)} is not allowed` : undefined
}

/** Fields to spread into a section. */
export const httpClientFields = once(() => ({
  basic_auth: section('basic_auth', { username: text(), username_file: path(), password: secret(), password_file: path() }),
  authorization: section(
    'authorization',
    { type: text(), credentials: secret(), credentials_file: path() },
    { printed: { type: 'Bearer' } },
  ),
  oauth2: oauth2Schema,
  bearer_token: secret(),
  bearer_token_file: path(),
  tls_config: tlsConfigSchema,
  follow_redirects: boolean(),
  enable_http2: boolean(),
  ...proxyFields(),
  http_headers: map(section('http_header', { values: list(text()), secrets: list(secret()), files: list(path()) }), headerNameProblem),
}))

/** Those fields as they are read. */
export type HttpClientSection = Output<SectionSchema<ReturnType<typeof httpClientFields>>>

export const HTTP_CLIENT_PRINTED = { follow_redirects: true, enable_http2: true }

/** With the fields of old as what took their place. Source: prometheus/common config/http_config.go, HTTPClientConfig.Validate. */
export function showHttpClient(section: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { bearer_token: token, bearer_token_file: file, ...rest } = section
  if (!token && !file) return rest
  return { ...rest, authorization: token ? { credentials: token } : { credentials_file: file } }
}

/** What `checkHttpClient` looks at. */
export interface HttpClient extends Proxies {
  readonly basic_auth?: {
    readonly username?: string
    readonly username_file?: string
    readonly password?: string
    readonly password_file?: string
  }
  readonly authorization?: { readonly type?: string; readonly credentials?: string; readonly credentials_file?: string }
  readonly oauth2?: object
  readonly bearer_token?: string
  readonly bearer_token_file?: string
}

/** Source of the rules and their texts: prometheus/common config/http_config.go, HTTPClientConfig.Validate. */
export function checkHttpClient(client: HttpClient, report: Report): void {
  const { basic_auth: basic, authorization, oauth2 } = client
  const bearerField = client.bearer_token_file ? 'bearer_token_file' : 'bearer_token'
  const bearer = client.bearer_token || client.bearer_token_file
  if (client.bearer_token && client.bearer_token_file)
    report(['bearer_token_file'], 'at most one of bearer_token & bearer_token_file must be configured')
  if ((basic || oauth2) && bearer)
    report([bearerField], 'at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured')
  if (basic?.username && basic.username_file)
    report(['basic_auth', 'username_file'], 'at most one of basic_auth username & username_file must be configured')
  if (basic?.password && basic.password_file)
    report(['basic_auth', 'password_file'], 'at most one of basic_auth password & password_file must be configured')
  if (authorization) {
    if (bearer) report([bearerField], 'authorization is not compatible with bearer_token & bearer_token_file')
    if (authorization.credentials && authorization.credentials_file)
      report(['authorization', 'credentials_file'], 'at most one of authorization credentials & credentials_file must be configured')
    if (authorization.type?.trim().toLowerCase() === 'basic')
      report(['authorization', 'type'], `authorization type cannot be set to ${quote('basic')}, use ${quote('basic_auth')} instead`)
    if (basic || oauth2) report(['authorization'], 'at most one of basic_auth, oauth2 & authorization must be configured')
  }
  if (basic && oauth2) report(['oauth2'], 'at most one of basic_auth, oauth2 & authorization must be configured')
  checkProxy(client, report)
}
