import type { X509Certificate } from 'node:crypto'
import type { TlsServerOptions } from './env.ts'

/** What a client showed in the handshake. */
export interface PeerCertificate {
  readonly certificate: X509Certificate | undefined
  /** Why the certificate is not that of a known authority; undefined when it is. */
  readonly fault: string | undefined
}

/** Why a client may not connect, or undefined. Source of the rules: Go crypto/tls, ClientAuthType; exporter-toolkit web/tls_config.go. */
export function clientCertificateFault(options: TlsServerOptions, { certificate, fault }: PeerCertificate): string | undefined {
  const { clientCertificate: policy, clientAllowedSans: allowed } = options
  if (policy === 'NoClientCert') return undefined
  if (certificate === undefined) {
    const required = policy === 'RequireAnyClientCert' || policy === 'RequireAndVerifyClientCert'
    return required ? "client didn't provide a certificate" : undefined
  }
  const verified = policy === 'VerifyClientCertIfGiven' || policy === 'RequireAndVerifyClientCert'
  if (verified && fault !== undefined) return `client certificate cannot be verified: ${fault}`
  if (allowed === undefined) return undefined
  const names = subjectAltNames(certificate.subjectAltName)
  if (names.some((name) => allowed.includes(name))) return undefined
  return `could not find allowed SANs in client cert, found: [${names.join(' ')}]`
}

const NAME = /(DNS|IP Address|URI|email):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/g

/** DNS names, addresses, URIs and IP addresses, those of version 6 in their short form. `text` is as Node prints them. */
export function subjectAltNames(text: string | undefined): readonly string[] {
  return subjectAltNameEntries(text).map(({ value }) => value)
}

/** The same, each with its kind: `DNS`, `IP Address`, `URI` or `email`. */
export function subjectAltNameEntries(text: string | undefined): readonly { readonly kind: string; readonly value: string }[] {
  return [...(text ?? '').matchAll(NAME)].map(([, kind, value]) => {
    const plain = value.startsWith('"') ? (JSON.parse(value) as string) : value
    const isShort = kind !== 'IP Address' || !plain.includes(':')
    return { kind, value: isShort ? plain : new URL(`http://[${plain}]`).hostname.slice(1, -1) }
  })
}
