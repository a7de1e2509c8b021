import type { X509Certificate } from 'node:crypto'
import { subjectAltNameEntries } from './client-certificate.ts'
import { isAddress } from './ip-address.ts'

/** What a server showed in the handshake, and what was expected. */
export interface ServerCertificate {
  readonly certificate: X509Certificate
  /** OpenSSL's code of what is wrong with the chain; undefined: it leads to a known authority. */
  readonly chainFault: string | undefined
  /** A host name or an IP address. */
  readonly name: string
  /** Unix ms. */
  readonly now: number
}

const NAMES_SHOWN_MAX = 100

/**
 * Why a server is not who it should be, in Go's words and by Go's order: time, name, authority. Undefined: it is.
 * Source: Go crypto/x509, Certificate.Verify, VerifyHostname and the messages of their errors.
 */
export function serverCertificateFault({ certificate, chainFault, name, now }: ServerCertificate): string | undefined {
  const fault = timeFault(certificate, now) ?? nameFault(certificate, name) ?? authorityFault(certificate, chainFault, now)
  return fault === undefined ? undefined : `tls: failed to verify certificate: x509: ${fault}`
}

function timeFault(certificate: X509Certificate, now: number): string | undefined {
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)]
  const words = 'certificate has expired or is not yet valid: current time'
  if (now < from) return `${words} ${seconds(now)} is before ${seconds(from)}`
  return now > to ? `${words} ${seconds(now)} is after ${seconds(to)}` : undefined
}

function seconds(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')
}

function nameFault(certificate: X509Certificate, name: string): string | undefined {
  const hasAddress = isAddress(name)
  const matches = hasAddress ? certificate.checkIP(name) : certificate.checkHost(name, { subject: 'never' })
  if (matches !== undefined) return undefined
  const entries = subjectAltNameEntries(certificate.subjectAltName)
  if (entries.length === 0 && !hasAddress && certificate.checkHost(name, { subject: 'always' }) !== undefined)
    return 'certificate relies on legacy Common Name field, use SANs instead'
  const names = entries.filter(({ kind }) => kind === (hasAddress ? 'IP Address' : 'DNS')).map(({ value }) => value)
  if (hasAddress && names.length === 0) return `cannot validate certificate for ${name} because it doesn't contain any IP SANs`
  if (names.length >= NAMES_SHOWN_MAX)
    return `certificate is valid for ${names.length} ${hasAddress ? 'IP SANs' : 'names'}, but none matched ${name}`
  if (names.length === 0) return `certificate is not valid for any names, but wanted to match ${name}`
  return `certificate is valid for ${names.join(', ')}, not ${name}`
}

function authorityFault(certificate: X509Certificate, code: string | undefined, now: number): string | undefined {
  switch (code) {
    case undefined:
      return undefined
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      // The server's own is in time, or we would not be here.
      for (let issuer = certificate.issuerCertificate; issuer !== undefined; issuer = issuer.issuerCertificate) {
        const fault = timeFault(issuer, now)
        if (fault !== undefined) return fault
        if (issuer.issuerCertificate === issuer || issuer.issuerCertificate?.fingerprint256 === issuer.fingerprint256) break
      }
      return 'certificate has expired or is not yet valid: '
    case 'INVALID_PURPOSE':
      return 'certificate specifies an incompatible key usage'
    case 'PATH_LENGTH_EXCEEDED':
      return 'too many intermediates for path length constraint'
    case 'CERT_REVOKED':
      return 'certificate is revoked'
    default:
      return 'certificate signed by unknown authority'
  }
}
