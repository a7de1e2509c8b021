import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { SecureContextOptions, SecureVersion } from 'node:tls'
import type { ClientCertificatePolicy, FileSystem, TlsServerOptions } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import type { WebSettings } from '../base/web-guard.ts'
import { fileWarnings, readConfigFile, readFault, resolvePath } from './file.ts'
import { ConfigError, type ConfigProblem, type ConfigWarning } from './problems.ts'
import { CIPHER_SUITES, CURVES, isTlsEnabled, type TlsServerSection, webConfigSchema } from './web-schema.ts'

export interface LoadedWebConfig extends WebSettings {
  readonly warnings: readonly ConfigWarning[]
  /** The file and those that it names: when one changes, the settings do. */
  readonly files: readonly string[]
}

const PROTOCOLS: Readonly<Record<string, SecureVersion>> = { TLS10: 'TLSv1', TLS11: 'TLSv1.1', TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' }

/** Reads a web configuration file, and the certificates that it names. Throws a ConfigError; no message of it holds a secret. */
export async function loadWebConfig(env: { readonly fs: FileSystem }, path: string): Promise<LoadedWebConfig> {
  const file = await readConfigFile(env.fs, path, webConfigSchema, () => undefined)
  const { tls_server_config: tls, http_server_config: http, rate_limit: limit, basic_auth_users: users = {} } = file.value
  const files = [path]
  const problems: ConfigProblem[] = []
  const report = (field: string, message: string) =>
    void problems.push({ file: path, ...file.tree.valuePosition(['tls_server_config', field]), message })
  const read = async (field: string, name: string) => {
    const named = resolvePath(path, name)
    files.push(named)
    try {
      return await env.fs.readText(named)
    } catch (error) {
      report(field, `${named}: ${readFault(error)}`)
      return undefined
    }
  }
  const options = tls && isTlsEnabled(tls) ? await tlsServerOptions(tls, read, report) : undefined
  if (problems.length > 0) throw new ConfigError(problems)
  return {
    tls: options,
    users: new Map(Object.entries(users)),
    headers: { ...http?.headers },
    rateLimit: limit?.interval ? { burst: limit.burst ?? 0, intervalMs: limit.interval } : undefined,
    warnings: fileWarnings(file),
    files,
  }
}

export type ReadTlsFile = (field: string, name: string) => Promise<string | undefined>
export type ReportTlsFault = (field: string, message: string) => void

/** How to speak TLS as a section says; what is wrong with its files is reported. */
export async function tlsServerOptions(tls: TlsServerSection, read: ReadTlsFile, report: ReportTlsFault): Promise<TlsServerOptions> {
  const material = async (name: 'cert' | 'key' | 'client_ca') => {
    const named = tls[`${name}_file`]
    const field = named ? `${name}_file` : name
    return { field, text: named ? await read(field, named) : tls[name] || undefined }
  }
  const [cert, key, ca] = [await material('cert'), await material('key'), await material('client_ca')]
  const certificates = cert.text === undefined ? [] : parseCertificates(cert.text, (message) => report(cert.field, message))
  if (ca.text !== undefined) parseCertificates(ca.text, (message) => report(ca.field, message))
  const privateKey = key.text === undefined ? undefined : parseKey(key.text, (message) => report(key.field, message))
  if (privateKey !== undefined && certificates.length > 0 && !certificates[0].checkPrivateKey(privateKey))
    report(key.field, 'the private key does not match the public key of the certificate')
  return {
    context: { ...protocolOptions(tls), cert: cert.text, key: key.text, ca: ca.text },
    clientCertificate: policyOf(tls.client_auth_type),
    clientAllowedSans: tls.client_allowed_sans,
  }
}

function policyOf(type: TlsServerSection['client_auth_type']): ClientCertificatePolicy {
  // The old name of it.
  if (type === 'RequireClientCert') return 'RequireAnyClientCert'
  return type || 'NoClientCert'
}

function protocolOptions(tls: TlsServerSection): SecureContextOptions {
  const { cipher_suites: suites = [], curve_preferences: curves = [] } = tls
  const [min, max] = [tls.min_version ?? 'TLS12', tls.max_version ?? 'TLS13']
  const ciphers = suites.flatMap((suite) => CIPHER_SUITES[suite] ?? [])
  const isOld = min === 'TLS10' || min === 'TLS11'
  return {
    // Suites of TLS 1.3 alone leave none for what is older.
    minVersion: suites.length > 0 && ciphers.length === 0 ? 'TLSv1.3' : PROTOCOLS[min],
    maxVersion: PROTOCOLS[max],
    honorCipherOrder: tls.prefer_server_cipher_suites ?? true,
    ...(ciphers.length > 0 || isOld ? { ciphers: cipherText(ciphers, isOld) } : {}),
    ...(curves.length > 0 ? { ecdhCurve: curves.map((curve) => CURVES[curve]).join(':') } : {}),
  }
}

/** OpenSSL has SHA-1, which TLS 1.0 and 1.1 sign with, at its lowest level of security only. */
function cipherText(ciphers: readonly string[], isOld: boolean): string {
  const list =
    ciphers.length > 0 ? `TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:${ciphers.join(':')}` : 'DEFAULT'
  return isOld ? `${list}:@SECLEVEL=0` : list
}

function parseCertificates(text: string, report: (message: string) => void): readonly X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
  if (blocks.length === 0) report('found no certificate, want one in PEM form')
  try {
    return blocks.map((block) => new X509Certificate(block))
  } catch (error) {
    report(`found a certificate that cannot be read: ${errorMessage(error)}`)
    return []
  }
}

function parseKey(text: string, report: (message: string) => void): KeyObject | undefined {
  try {
    return createPrivateKey(text)
  } catch {
    // What the parser says may quote the key.
    report('found no private key, want one in PEM form without a passphrase')
    return undefined
  }
}
