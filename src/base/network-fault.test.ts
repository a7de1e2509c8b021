import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkFault } from './network-fault.ts'

test('common failures have Go’s words, others their own', () => {
  const check = (code: string | undefined, want: string) =>
    assert.equal(networkFault(Object.assign(new Error('own words'), { code }), '[::1]:9090'), want)
  check('ECONNREFUSED', 'dial tcp [::1]:9090: connect: connection refused')
  check('ENOTFOUND', 'dial tcp: lookup [::1]: no such host')
  check('CERT_HAS_EXPIRED', 'tls: failed to verify certificate: x509: certificate has expired or is not yet valid')
  check('ERR_SSL_WRONG_VERSION_NUMBER', 'http: server gave HTTP response to HTTPS client')
  check(undefined, 'own words')
})
