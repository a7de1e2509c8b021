import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { TEST_CERTIFICATE } from '../../test/support/tls-certificate.ts'
import { clientCertificateFault, subjectAltNames } from './client-certificate.ts'
import type { ClientCertificatePolicy } from './env.ts'

test('each policy asks for what it says', () => {
  const certificate = new X509Certificate(TEST_CERTIFICATE)
  const refuses = (
    clientCertificate: ClientCertificatePolicy,
    shown: 'none' | 'unknown' | 'known',
    clientAllowedSans?: readonly string[],
  ) =>
    clientCertificateFault(
      { context: {}, clientCertificate, clientAllowedSans },
      { certificate: shown === 'none' ? undefined : certificate, fault: shown === 'known' ? undefined : 'unknown authority' },
    ) !== undefined
  const check = (policy: ClientCertificatePolicy, none: boolean, unknown: boolean, known: boolean) =>
    assert.deepEqual([refuses(policy, 'none'), refuses(policy, 'unknown'), refuses(policy, 'known')], [none, unknown, known], policy)
  check('NoClientCert', false, false, false)
  check('RequestClientCert', false, false, false)
  check('RequireAnyClientCert', true, false, false)
  check('VerifyClientCertIfGiven', false, true, false)
  check('RequireAndVerifyClientCert', true, true, false)
  assert.equal(refuses('RequireAndVerifyClientCert', 'known', ['localhost']), false)
  assert.equal(refuses('RequireAndVerifyClientCert', 'known', ['127.0.0.1']), false)
  assert.equal(refuses('RequireAndVerifyClientCert', 'known', ['example.org']), true)
  assert.equal(refuses('RequireAnyClientCert', 'unknown', []), true)
})

test('alternative names are read as Node prints them', () => {
  const check = (text: string | undefined, want: readonly string[]) => assert.deepEqual(subjectAltNames(text), want)
  check(undefined, [])
  check('DNS:a.example, IP Address:10.0.0.1', ['a.example', '10.0.0.1'])
  check('IP Address:0:0:0:0:0:0:0:1', ['::1'])
  check('email:a@b.example, URI:spiffe://c/d', ['a@b.example', 'spiffe://c/d'])
  check('DNS:"a\\u002c DNS:evil.example", DNS:b', ['a, DNS:evil.example', 'b'])
})
