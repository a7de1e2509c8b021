import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkFault } from './network-fault.ts'

test('common failures have Go’s words, others their own', () => {
  const check = (code: string | undefined, want: string) =>
    assert.equal(networkFault(Object.assign(new Error('own words'), { code }), '[::1]:9090'), want)
  check('ECONNREFUSED', 'dial tcp [::1]:9090: connect: connection refused')
  check('ENOTFOUND', 'dial tcp: lookup [::1]: no such host')
  check('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'remote error: tls: certificate required')
  check('ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 'remote error: tls: handshake failure')
  check('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'remote error: tls: unknown certificate authority')
  check('ERR_SSL_WRONG_VERSION_NUMBER', 'http: server gave HTTP response to HTTPS client')
  check(undefined, 'own words')
  const found = Object.assign(new Error(), { code: 'ECONNREFUSED', address: '::1', port: 80 })
  assert.equal(networkFault(found, 'localhost:80'), 'dial tcp [::1]:80: connect: connection refused')
  const both = Object.assign(new AggregateError([found, new Error()]), { code: 'ECONNREFUSED' })
  assert.equal(networkFault(both, 'localhost:80'), 'dial tcp [::1]:80: connect: connection refused')
})
