import { CodedError } from '../base/errors.ts'
import { boolean, integer, list, map, oneOf, scalar, secret, section, text, unsupported } from '../base/schema.ts'
import type { Output } from '../base/schema-type.ts'
import { TLS_VERSIONS } from '../http-client/client-schema.ts'
import { duration } from '../model/config-schema.ts'

// The web configuration file: TLS and authentication of what a role serves.
// Source: exporter-toolkit docs/web-configuration.md; web/tls_config.go; web/handler.go.

/** OpenSSL's names of Go's suites; those of TLS 1.3, which are always on, have none. Source: Go crypto/tls, CipherSuites. */
export const CIPHER_SUITES: Readonly<Record<string, string | undefined>> = {
  TLS_AES_128_GCM_SHA256: undefined,
  TLS_AES_256_GCM_SHA384: undefined,
  TLS_CHACHA20_POLY1305_SHA256: undefined,
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
}

/** OpenSSL's names of Go's curves. */
export const CURVES: Readonly<Record<string, string>> = { CurveP256: 'P-256', CurveP384: 'P-384', CurveP521: 'P-521', X25519: 'X25519' }

const CLIENT_AUTH_TYPES = [
  '',
  'NoClientCert',
  'RequestClientCert',
  'RequireClientCert',
  'RequireAnyClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
] as const

/** Headers that may be set, with the values that they may have; empty: any. */
const HEADERS: Readonly<Record<string, readonly string[]>> = {
  'Strict-Transport-Security': [],
  'X-Content-Type-Options': ['nosniff'],
  'X-Frame-Options': ['deny', 'sameorigin'],
  'X-XSS-Protection': [],
  'Content-Security-Policy': [],
}

const version = () => oneOf(TLS_VERSIONS, (found) => `unknown TLS version: ${found}, want ${TLS_VERSIONS.join(', ')}`)

export const tlsServerSchema = section(
  'tls_server_config',
  {
    cert: text(),
    key: secret(),
    client_ca: text(),
    cert_file: text(),
    key_file: text(),
    client_auth_type: oneOf(
      CLIENT_AUTH_TYPES,
      (found) => `invalid client_auth_type ${JSON.stringify(found)}, want one of ${CLIENT_AUTH_TYPES.slice(1).join(', ')}`,
    ),
    client_ca_file: text(),
    client_allowed_sans: list(text()),
    cipher_suites: list(oneOf(Object.keys(CIPHER_SUITES), (found) => `unknown cipher: ${found}`)),
    curve_preferences: list(oneOf(Object.keys(CURVES), (found) => `unknown curve: ${found}`)),
    min_version: version(),
    max_version: version(),
    prefer_server_cipher_suites: boolean(),
  },
  {
    check(tls, report) {
      if (!isTlsEnabled(tls)) return
      for (const name of ['cert', 'key', 'client_ca'] as const)
        if (tls[name] && tls[`${name}_file`]) report([`${name}_file`], `at most one of ${name} and ${name}_file must be configured`)
      if (!tls.cert && !tls.cert_file) report([], 'missing one of cert or cert_file')
      if (!tls.key && !tls.key_file) report([], 'missing one of key or key_file')
      const policy = tls.client_auth_type || 'NoClientCert'
      if (policy === 'NoClientCert' && (tls.client_ca || tls.client_ca_file))
        report([tls.client_ca ? 'client_ca' : 'client_ca_file'], "client CA's have been configured without a client_auth_type")
      if (tls.client_allowed_sans && !/^Require/.test(policy))
        report(
          ['client_allowed_sans'],
          'client_allowed_sans requires client_auth_type to be one of RequireAnyClientCert or RequireAndVerifyClientCert',
        )
      const [min, max] = [TLS_VERSIONS.indexOf(tls.min_version ?? 'TLS12'), TLS_VERSIONS.indexOf(tls.max_version ?? 'TLS13')]
      if (min > max) report([tls.max_version ? 'max_version' : 'min_version'], 'max_version must not be below min_version')
    },
  },
)

export type TlsServerSection = Output<typeof tlsServerSchema>

/** Whether the section turns TLS on: versions and ciphers alone do not. */
export function isTlsEnabled(tls: { readonly [K in keyof TlsServerSection]?: TlsServerSection[K] }): boolean {
  return [tls.cert_file, tls.cert, tls.key_file, tls.key, tls.client_ca_file, tls.client_ca, tls.client_auth_type].some(Boolean)
}

/** Like every secret it is in no message. */
const passwordHash = scalar(
  'a bcrypt hash of a password',
  ({ text }) => {
    const [, cost] = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(text) ?? []
    if (cost === undefined)
      throw new CodedError('bad_data', 'found something else than a bcrypt hash of a password, want one as htpasswd -nBC 10 "" makes it')
    if (Number(cost) < 4 || Number(cost) > 31) throw new CodedError('bad_data', `found a bcrypt hash of cost ${Number(cost)}, want 4 to 31`)
    return text
  },
  () => '<secret>',
)

export const webConfigSchema = section('web configuration', {
  tls_server_config: tlsServerSchema,
  http_server_config: section(
    'http_server_config',
    { http2: unsupported(boolean(), false), headers: map(text(), headerProblem) },
    {
      check({ headers = {} }, report) {
        for (const [name, value] of Object.entries(headers)) {
          const allowed = HEADERS[name] ?? []
          if (allowed.length > 0 && !allowed.includes(value))
            report(['headers', name], `invalid value for ${name}: found ${JSON.stringify(value)}, want one of ${allowed.join(', ')}`)
        }
      },
    },
  ),
  rate_limit: section('rate_limit', { burst: integer(), interval: duration() }),
  basic_auth_users: map(passwordHash),
})

export type WebSection = Output<typeof webConfigSchema>

function headerProblem(name: string): string | undefined {
  return Object.hasOwn(HEADERS, name)
    ? undefined
    : `HTTP header ${JSON.stringify(name)} can not be configured, want one of ${Object.keys(HEADERS).join(', ')}`
}
