import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { COMMON_NAME, EARLY_SERVER, ELSEWHERE, EXPIRED_SERVER, GOOD, NAME_ONLY } from '../../test/support/server-certificates.ts'
import { serverCertificateFault } from './server-certificate.ts'

test('a server’s certificate is in time, names the server and has a known authority, in this order', () => {
  const now = Date.UTC(2027, 0, 1, 12, 30)
  const check = (pem: string, name: string, chainFault: string | undefined, want: string | undefined) =>
    assert.equal(
      serverCertificateFault({ certificate: new X509Certificate(pem), chainFault, name, now }),
      want && `tls: failed to verify certificate: x509: ${want}`,
    )
  check(GOOD, '127.0.0.1', undefined, undefined)
  check(GOOD, 'localhost', undefined, undefined)
  check(ELSEWHERE, 'x.b.example', undefined, undefined)
  check(
    EXPIRED_SERVER,
    'elsewhere',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'certificate has expired or is not yet valid: current time 2027-01-01T12:30:00Z is after 2021-01-01T00:00:00Z',
  )
  check(
    EARLY_SERVER,
    '127.0.0.1',
    'CERT_NOT_YET_VALID',
    'certificate has expired or is not yet valid: current time 2027-01-01T12:30:00Z is before 2100-01-01T00:00:00Z',
  )
  check(ELSEWHERE, 'b.example', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate is valid for a.example, *.b.example, not b.example')
  check(ELSEWHERE, '127.0.0.1', undefined, 'certificate is valid for 10.1.2.3, not 127.0.0.1')
  check(NAME_ONLY, '::1', undefined, "cannot validate certificate for ::1 because it doesn't contain any IP SANs")
  check(COMMON_NAME, 'localhost', undefined, 'certificate relies on legacy Common Name field, use SANs instead')
  check(COMMON_NAME, 'other', undefined, 'certificate is not valid for any names, but wanted to match other')
  check(GOOD, 'localhost', 'SELF_SIGNED_CERT_IN_CHAIN', 'certificate signed by unknown authority')
  check(GOOD, 'localhost', 'INVALID_PURPOSE', 'certificate specifies an incompatible key usage')
})
